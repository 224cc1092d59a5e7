import { abortError, CodedError } from '../core/errors.ts';

/** `fetch` or what stands for it. */
export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/** One relay over HTTP. */
export interface RelayEndpoint {
  /** Without `/v1` and without a slash at its end. */
  readonly url: string;
  /** @throws CodedError `relay_unreachable`, `aborted` */
  get(path: string, signal?: AbortSignal): Promise<Response>;
  /** @throws CodedError `relay_unreachable`, `aborted` */
  post(path: string, request: PostRequest): Promise<Response>;
  /** The path of a URL of this relay; undefined for one of somebody else. */
  pathOf(url: string): string | undefined;
}

export interface PostRequest {
  readonly headers?: HeadersInit;
  /** Nothing for a bodyless one, which never starts a job. */
  readonly body?: string;
  readonly signal?: AbortSignal | undefined;
}

/** @param relay `https://relay.example`, with or without `/v1`. @throws CodedError `relay_invalid` */
export function createRelayEndpoint(relay: string, fetch: Fetch): RelayEndpoint {
  const url = relay.replace(/\/+$/, '').replace(/\/v1$/, '');
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw new CodedError('relay_invalid', 'A relay is named by its http or https URL.', { relay });
  async function send(path: string, init: RequestInit): Promise<Response> {
    try {
      return await fetch(url + path, init);
    } catch (cause) {
      if (init.signal?.aborted) throw abortError(init.signal);
      throw new CodedError('relay_unreachable', `The relay does not answer: ${url}.`, { relay: url }, cause);
    }
  }
  return {
    url,
    get: (path, signal) => send(path, signal ? { signal } : {}),
    post: (path, { headers = {}, body, signal }) =>
      send(path, {
        method: 'POST',
        headers,
        ...(body === undefined ? {} : { body }),
        ...(signal ? { signal } : {}),
      }),
    pathOf: (target) => {
      const { origin, pathname } = new URL(target);
      return (origin + pathname).startsWith(`${url}/`) ? (origin + pathname).slice(url.length) : undefined;
    },
  };
}
