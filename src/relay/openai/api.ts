import type { Clock } from '../../core/clock.ts';
import { CodedError, errorBody } from '../../core/errors.ts';
import type { Log } from '../log.ts';
import type { ApiReply, ApiRequest } from './api-request.ts';
import { errorAnswer } from './openai-error.ts';
import { matchPath, type RequestFacts, type Route } from './route.ts';

export interface ApiOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly routes: readonly Route[];
}

/** The relay's HTTP side: finds the route, turns errors into OpenAI's bodies, and logs one line for each request. */
export type Api = (request: ApiRequest, reply: ApiReply) => Promise<void>;

/** Browsers may call from any page: what is free by locality looks at the origin itself (`access.ts`). */
const CORS = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers':
    'x-afterglow-job, x-afterglow-jobs, retry-after, x-should-retry, payment-receipt, www-authenticate',
} as const;

export function createApi({ clock, log, routes }: ApiOptions): Api {
  return async (request, plain) => {
    const began = clock.now();
    const facts: RequestFacts = {};
    const { reply, status, isUnwritten } = withCors(plain);
    try {
      if (request.method === 'OPTIONS') allowAll(request, reply);
      else await find(request, routes)(request, reply, facts);
    } catch (error) {
      const answer = errorAnswer(error);
      facts.outcome = answer.body.error.code;
      if (!(error instanceof CodedError))
        log.error({ path: request.path, error: errorBody(error) }, 'A request failed.');
      if (isUnwritten()) {
        reply.send(
          answer.status,
          { 'content-type': 'application/json', ...answer.headers },
          JSON.stringify(answer.body),
        );
      } else {
        reply.end();
      }
    }
    const { method, path } = request;
    log.info({ method, path, status: status(), ms: Math.round(clock.now() - began), ...facts }, 'request');
  };
}

function find(request: ApiRequest, routes: readonly Route[]): ReturnType<Route['methods'][string]> {
  for (const { path, methods } of routes) {
    const parameter = matchPath(path, request.path);
    if (parameter === undefined) continue;
    const answering = Object.hasOwn(methods, request.method) ? methods[request.method] : undefined;
    if (answering) return answering(parameter);
    const allow = Object.keys(methods).join(', ');
    throw new CodedError(
      'method_not_allowed',
      `Not allowed to ${request.method} on ${path} (HTTP method not supported): use ${allow}.`,
      { allow },
    );
  }
  throw new CodedError('unknown_url', `Unknown request URL: ${request.method} ${request.path}.`);
}

function allowAll(request: ApiRequest, reply: ApiReply): void {
  const headers = request.header('access-control-request-headers') ?? 'authorization, content-type';
  reply.send(
    204,
    {
      'access-control-allow-methods': 'GET, HEAD, POST',
      'access-control-allow-headers': headers,
      'access-control-max-age': '86400',
    },
    '',
  );
}

/** The same reply with the headers that let pages read it, and a memory of what was sent. */
function withCors(plain: ApiReply): { reply: ApiReply; status: () => number; isUnwritten: () => boolean } {
  let status = 0;
  return {
    status: () => status,
    isUnwritten: () => status === 0,
    reply: {
      write: (text) => plain.write(text),
      end: () => plain.end(),
      buffered: () => plain.buffered(),
      onGone: (run) => plain.onGone(run),
      send(code, headers, body) {
        status = code;
        plain.send(code, { ...CORS, ...headers }, body);
      },
      begin(code, headers) {
        status = code;
        plain.begin(code, { ...CORS, ...headers });
      },
    },
  };
}
