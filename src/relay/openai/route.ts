import type { ApiReply, ApiRequest } from './api-request.ts';

/** What the log says of a request beside method, path and time: counts and names, never contents (rule A6). */
export interface RequestFacts {
  /** The first of its choices. */
  job?: string;
  /** Where there are several. */
  choices?: number;
  model?: string;
  promptTokens?: number;
  outputTokens?: number;
  leases?: number;
  /** How it ended: a finish reason or an error's code. */
  outcome?: string;
}

/** Answers one request. Whatever it throws before it wrote anything becomes an error body. */
export type Handler = (request: ApiRequest, reply: ApiReply, facts: RequestFacts) => Promise<void> | void;

/** A path, of which one segment may be a parameter (`:name`), and what answers each method on it. */
export interface Route {
  readonly path: string;
  readonly methods: Readonly<Record<string, (parameter: string) => Handler>>;
}

/** The parameter where the path fits: `''` for a route that has none. */
export function matchPath(route: string, path: string): string | undefined {
  const parts = route.split('/');
  const given = path.split('/');
  if (parts.length !== given.length) return undefined;
  let parameter = '';
  for (const [at, part] of parts.entries()) {
    const segment = given[at] as string;
    if (part.startsWith(':') && segment !== '') parameter = segment;
    else if (part !== segment) return undefined;
  }
  return parameter;
}
