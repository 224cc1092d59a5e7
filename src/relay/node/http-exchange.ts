import type { IncomingMessage, ServerResponse } from 'node:http';
import { CodedError } from '../../core/errors.ts';
import type { ApiReply, ApiRequest } from '../openai/api-request.ts';

/** A request's path and query; anything that is no path becomes `/`. */
export function urlOf({ url = '/' }: IncomingMessage): URL {
  const text = `http://relay${url}`;
  return new URL(url.startsWith('/') && URL.canParse(text) ? text : 'http://relay/');
}

/** `node:http`'s request as the relay's handlers see it. */
export function toApiRequest(request: IncomingMessage, url: URL, bodyBytes: number): ApiRequest {
  return {
    method: request.method ?? 'GET',
    path: url.pathname,
    query: url.searchParams,
    ip: request.socket.remoteAddress ?? '',
    header(name) {
      const value = request.headers[name];
      return Array.isArray(value) ? value.join(', ') : value;
    },
    body: () => readBody(request, bodyBytes),
  };
}

async function readBody(request: IncomingMessage, limit: number): Promise<string> {
  const tooLarge = (): CodedError =>
    new CodedError('body_too_large', `The body of a request may have ${limit} bytes.`, { limit });
  if (Number(request.headers['content-length'] ?? 0) > limit) throw tooLarge();
  const pieces: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const piece of request as AsyncIterable<Buffer>) {
      bytes += piece.length;
      if (bytes > limit) throw tooLarge();
      pieces.push(piece);
    }
  } catch (cause) {
    if (cause instanceof CodedError) throw cause;
    throw new CodedError('aborted', 'The request ended before its body did.', undefined, cause);
  }
  return Buffer.concat(pieces).toString('utf8');
}

/** `node:http`'s response as the relay's handlers see it. */
export function toApiReply(response: ServerResponse): ApiReply {
  // A write that crosses the client's going is reported here, after `onGone`, and would end the process unheard.
  response.on('error', () => {});
  return {
    send(status, headers, body) {
      // The rest of a body that nobody reads would be taken for the next request.
      if (!response.req.complete) response.setHeader('connection', 'close');
      response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) });
      response.end(body);
    },
    begin(status, headers) {
      response.writeHead(status, { ...headers });
      response.flushHeaders();
    },
    write: (text) => void response.write(text),
    end: () => void response.end(),
    buffered: () => response.writableLength,
    onGone(run) {
      // It may have gone while what it asked for was being paid for.
      if (response.closed && !response.writableFinished) return run();
      response.once('close', () => {
        if (!response.writableFinished) run();
      });
    },
  };
}
