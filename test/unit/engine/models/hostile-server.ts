import { sha256 } from '@noble/hashes/sha2.js';
import { toHex } from '../../../../src/core/bytes.ts';
import type { Fetch } from '../../../../src/engine/models/transfer.ts';
import type { WantedFile } from '../../../../src/engine/models/file-download.ts';

/** What a server does to one request. `at` is a share of what it would send, `seconds` are asked for by Retry-After. */
export type Mood =
  | { readonly name: 'good' }
  | { readonly name: 'cut'; readonly at: number }
  | { readonly name: 'no_ranges'; readonly at?: number }
  | { readonly name: 'wrong_bytes'; readonly at: number }
  /** The first byte is wrong, and then it cuts: who goes on elsewhere gets the blame. */
  | { readonly name: 'wrong_cut'; readonly at: number }
  | { readonly name: 'short'; readonly at: number }
  | { readonly name: 'long' }
  | { readonly name: 'other_tag' }
  | { readonly name: 'stall'; readonly at: number }
  | { readonly name: 'refused' }
  | { readonly name: 'status'; readonly status: number; readonly seconds?: number };

/** An answer before it is put on a wire. */
export interface Answer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: Uint8Array<ArrayBuffer>;
  /** Bytes of the body after which the connection breaks or says no more. */
  readonly ends?: { readonly after: number; readonly how: 'break' | 'stall' };
}

/** What a server in this mood says to a request with this `range` header; nothing where it does not answer at all. */
export function answer(
  content: Uint8Array<ArrayBuffer>,
  range: string | undefined,
  mood: Mood,
): Answer | undefined {
  if (mood.name === 'refused') return undefined;
  if (mood.name === 'status') {
    const { status, seconds } = mood;
    const headers = seconds === undefined ? {} : { 'retry-after': String(seconds) };
    return { status, headers, body: new Uint8Array() };
  }
  const file = spoil(content, mood);
  const etag = mood.name === 'other_tag' ? `"${Math.random()}"` : '"v1"';
  const first = mood.name === 'no_ranges' ? 0 : Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
  if (first >= file.length && first > 0) {
    return { status: 416, headers: { 'content-range': `bytes */${file.length}` }, body: new Uint8Array() };
  }
  const body = file.slice(first);
  const headers = {
    etag,
    'content-length': String(body.length),
    ...(first > 0 ? { 'content-range': `bytes ${first}-${file.length - 1}/${file.length}` } : {}),
  };
  const at =
    'at' in mood && ['cut', 'stall', 'no_ranges', 'wrong_cut'].includes(mood.name) ? mood.at : undefined;
  const how = mood.name === 'stall' ? 'stall' : 'break';
  return {
    status: first > 0 ? 206 : 200,
    headers,
    body,
    ...(at === undefined ? {} : { ends: { after: Math.floor(at * body.length), how } }),
  };
}

function spoil(content: Uint8Array<ArrayBuffer>, mood: Mood): Uint8Array<ArrayBuffer> {
  if (mood.name === 'wrong_bytes') return damage(content, mood.at);
  return mood.name === 'wrong_cut' ? damage(content, 0) : resize(content, mood);
}

function damage(content: Uint8Array<ArrayBuffer>, at: number): Uint8Array<ArrayBuffer> {
  const copy = content.slice();
  copy[Math.floor(at * (copy.length - 1))]! ^= 0x40;
  return copy;
}

function resize(content: Uint8Array<ArrayBuffer>, mood: Mood): Uint8Array<ArrayBuffer> {
  if (mood.name === 'short') return content.slice(0, Math.floor(mood.at * content.length));
  if (mood.name !== 'long') return content;
  const longer = new Uint8Array(content.length + 7);
  longer.set(content);
  return longer;
}

/** A file with random content, to be had at these addresses. */
export function fileOf(content: Uint8Array<ArrayBuffer>, urls: readonly string[]): WantedFile {
  const hash = toHex(sha256(content)).slice(2);
  return {
    path: 'onnx/model.onnx',
    bytes: content.length,
    sha256: hash,
    urls: urls.map((url) => new URL(url)),
  };
}

export interface StandInServer {
  readonly fetch: Fetch;
  /** `host range` of each request. */
  readonly requests: string[];
  /** Bytes put on the wire. */
  sent: number;
}

/** Servers without a wire: each host does what its moods say, one after the other, and is good from then on. */
export function standInServers(
  content: Uint8Array<ArrayBuffer>,
  moods: Record<string, readonly Mood[]>,
): StandInServer {
  const left = new Map(Object.entries(moods).map(([host, list]) => [host, [...list]]));
  const server: StandInServer = {
    requests: [],
    sent: 0,
    fetch: async ({ host }, { headers, signal }) => {
      server.requests.push(`${host} ${headers['range'] ?? 'all'}`);
      const said = answer(content, headers['range'], left.get(host)?.shift() ?? { name: 'good' });
      if (!said) throw new TypeError('fetch failed');
      const { status, body, ends } = said;
      let at = 0;
      const end = ends?.after ?? body.length;
      const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
        pull(controller) {
          if (signal.aborted) return controller.error(signal.reason);
          if (at < end) {
            const piece = body.slice(at, Math.min(end, at + 1 + Math.floor(body.length / 5)));
            at += piece.length;
            server.sent += piece.length;
            return controller.enqueue(piece);
          }
          if (!ends) return controller.close();
          if (ends.how === 'break') return controller.error(new TypeError('terminated'));
          return new Promise<void>((resolve) => {
            signal.addEventListener('abort', () => {
              controller.error(signal.reason);
              resolve();
            });
          });
        },
      });
      return new Response(status === 204 || body.length === 0 ? null : stream, {
        status,
        headers: said.headers,
      });
    },
  };
  return server;
}
