import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { CodedError, errorBody } from '../core/errors.ts';
import { type Client, refusalOf } from '../sdk/index.ts';
import { isLocalCaller } from './local-caller.ts';

export interface ProxyOptions {
  readonly client: Client;
  /** The relay's URL, without `/v1`. */
  readonly relay: string;
  readonly host?: string;
  /** 0 takes a free one. */
  readonly port: number;
}

/** An OpenAI-compatible server that pays a relay for whoever calls it on this machine. */
export interface ProxyServer {
  /** `http://127.0.0.1:8788/v1`, for OpenAI clients. */
  readonly url: string;
  /** Takes no more requests, ends those that run after `graceMs`. Does not close the channel. */
  close(graceMs?: number): Promise<void>;
}

const BODY_BYTES = 8 * 1024 * 1024;

/** Headers of a request that say something to the relay. A key in `authorization` is none of its business. */
const FORWARDED = ['accept', 'content-type', 'user-agent', 'idempotency-key'];

/** Headers that spoke of the connection to the relay. */
const DROPPED = new Set([
  'connection',
  'content-encoding',
  'content-length',
  'keep-alive',
  'transfer-encoding',
]);

/** @throws CodedError `port_busy`, `listen_failed` */
export async function startProxyServer(options: ProxyOptions): Promise<ProxyServer> {
  const { host = '127.0.0.1', port } = options;
  const running = new Set<AbortController>();
  const server = createServer((request, response) => {
    const abort = new AbortController();
    running.add(abort);
    response.once('close', () => {
      running.delete(abort);
      if (!response.writableFinished) abort.abort();
    });
    answer(request, response, options, abort.signal).catch((error: unknown) => fail(response, error));
  });
  const taken = await new Promise<number>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const busy = error.code === 'EADDRINUSE';
      const message = busy
        ? `Port ${port} on ${host} is in use: choose another with --port.`
        : `The proxy can't listen on ${host}:${port}: ${error.message}.`;
      reject(new CodedError(busy ? 'port_busy' : 'listen_failed', message, { host, port }, error));
    });
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${taken}/v1`,
    async close(graceMs = 2_000) {
      const timer = setTimeout(() => {
        for (const abort of running) abort.abort();
      }, graceMs);
      await new Promise((resolve) => {
        server.close(resolve);
        server.closeIdleConnections();
        setTimeout(() => server.closeAllConnections(), graceMs + 500).unref();
      });
      clearTimeout(timer);
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { client, relay }: ProxyOptions,
  signal: AbortSignal,
): Promise<void> {
  const { method = 'GET', url = '/' } = request;
  if (!isLocalCaller(request)) {
    const error = new CodedError('origin_not_allowed', 'This proxy serves programs of this machine only.');
    return write(response, refusalOf(error, 403), signal);
  }
  if (method === 'GET' && url === '/healthz') {
    return write(response, Response.json(health(client, relay)), signal);
  }
  if (!url.startsWith('/v1/')) {
    const error = new CodedError('unknown_url', `Unknown request URL: ${method} ${url.split('?')[0]}.`);
    return write(response, refusalOf(error, 404), signal);
  }
  const headers = new Headers();
  for (const name of FORWARDED) {
    const value = request.headers[name];
    if (typeof value === 'string') headers.set(name, value);
  }
  const body = method === 'GET' || method === 'HEAD' ? undefined : await readBody(request);
  const init = { method, headers, signal, ...(body === undefined ? {} : { body }) };
  await write(response, await client.fetch(relay + url, init), signal);
}

async function readBody(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > BODY_BYTES)
      throw new CodedError('body_too_large', `The body of a request may have ${BODY_BYTES} bytes.`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}

/** Hands an answer on as fast as it is taken, and no faster. */
async function write(response: ServerResponse, from: Response, signal: AbortSignal): Promise<void> {
  const headers = [...from.headers].filter(([name]) => !DROPPED.has(name));
  response.writeHead(from.status, Object.fromEntries(headers));
  response.flushHeaders();
  response.socket?.setNoDelay(true);
  if (!from.body) return void response.end();
  await pipeline(Readable.fromWeb(from.body, { signal }), response).catch((error: unknown) => {
    // Its caller went, or the relay did in mid-answer: a cut connection is how HTTP says so.
    response.destroy();
    if (!signal.aborted && !(error instanceof Error)) throw error;
  });
}

const STATUS_OF: Readonly<Record<string, number>> = { body_too_large: 413, timeout: 504 };

function fail(response: ServerResponse, error: unknown): void {
  if (response.headersSent || response.destroyed) return void response.destroy();
  const { code, message } = errorBody(error);
  const refusal = { error: { message, type: 'api_error', param: null, code } };
  response.writeHead(STATUS_OF[code] ?? 502, { 'content-type': 'application/json', connection: 'close' });
  response.end(JSON.stringify(refusal));
}

function health({ address, channel }: Client, relay: string): object {
  const amounts = channel && {
    ...channel,
    deposit: String(channel.deposit),
    signed: String(channel.signed),
    spent: String(channel.spent),
  };
  return { status: 'ok', relay, address, channel: amounts ?? null };
}
