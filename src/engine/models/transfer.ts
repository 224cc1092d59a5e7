import type { Clock } from '../../core/clock.ts';
import { abortError, CodedError } from '../../core/errors.ts';
import type { ModelFile } from '../../protocol/wire/model-manifest.ts';
import type { CheckedFile } from './checked-file.ts';
import { downloadFailed, modelCorrupt, modelFileMissing } from './download-faults.ts';

/** A connection that sends nothing for this long is given up. */
const STALL_MS = 30_000;

export type Fetch = (
  url: URL,
  init: { readonly headers: Record<string, string>; readonly signal: AbortSignal },
) => Promise<Response>;

/** How one request for the rest of a file ended. */
export type Outcome =
  /** All bytes are there, unchecked. */
  | { readonly name: 'whole' }
  /** It broke: what came stays, and a later request goes on from there. */
  | { readonly name: 'cut'; readonly fault: CodedError; readonly retryAfterMs?: number }
  /** The server's file has another tag than when it was begun: what is there may be of another file. */
  | { readonly name: 'changed'; readonly fault: CodedError }
  /** The server has another file than the one that was wanted. */
  | { readonly name: 'wrong'; readonly fault: CodedError }
  | { readonly name: 'gone'; readonly fault: CodedError };

export interface TransferPorts {
  readonly clock: Clock;
  readonly fetch: Fetch;
}

/** Where to ask, and whether this server's entity tags mean anything: some change with each answer. */
export interface TransferSource {
  readonly url: URL;
  readonly tagsCount: boolean;
}

/**
 * Asks one server for what is missing of a file and appends it. Never more than the file's size, and never a byte
 * that the server does not place right behind those that are there: bytes before are skipped, a gap is refused.
 * @param told called after each append
 * @throws CodedError `storage_full`, `storage_failed`, and the signal's reason
 */
export async function transferRest(
  wanted: ModelFile,
  { url, tagsCount }: TransferSource,
  into: CheckedFile,
  { clock, fetch }: TransferPorts,
  signal: AbortSignal,
  told: (bytes: number) => void,
): Promise<Outcome> {
  const attempt = new AbortController();
  const forward = (): void => attempt.abort(signal.reason);
  signal.addEventListener('abort', forward, { once: true });
  if (signal.aborted) throw abortError(signal);
  let undo = (): void => {};
  const watch = (): void => {
    undo();
    undo = clock.after(STALL_MS, () => attempt.abort(new Error(`nothing came for ${STALL_MS / 1_000} s`)));
  };
  try {
    watch();
    const { size } = into;
    const response = await fetch(url, {
      headers: size > 0 ? { range: `bytes=${size}-` } : {},
      signal: attempt.signal,
    });
    const refusal = readStatus(wanted, response, size, clock.now());
    if (refusal) return refusal;
    if (tagsCount && isOther(response, url, into)) {
      return { name: 'changed', fault: downloadFailed(wanted.path, 'the server has another file now') };
    }
    await into.note(originOf(response, url));
    return await readBody(wanted, response, into, watch, told);
  } catch (error) {
    if (error instanceof CodedError) throw error;
    if (signal.aborted) throw abortError(signal);
    const text = String(attempt.signal.aborted ? attempt.signal.reason : error);
    return {
      name: 'cut',
      fault: downloadFailed(wanted.path, 'the connection broke', { bytes: into.size, text }),
    };
  } finally {
    undo();
    signal.removeEventListener('abort', forward);
    attempt.abort(); // Whatever is still on the wire is not wanted.
  }
}

/** What the status alone says; nothing where a body is to be read. */
function readStatus(
  { path, bytes }: ModelFile,
  response: Response,
  size: number,
  now: number,
): Outcome | undefined {
  const { status, headers } = response;
  switch (status) {
    case 200:
      return undefined;
    case 206: {
      const range = readRange(headers.get('content-range'));
      // Another site's header may be hidden from us. The hash is the last word in any case.
      if (!range || (range.first === size && (range.total ?? bytes) === bytes)) return undefined;
      return {
        name: 'wrong',
        fault: modelCorrupt(path, { range: headers.get('content-range'), expectedBytes: bytes }),
      };
    }
    case 416:
      return { name: 'wrong', fault: modelCorrupt(path, { status, expectedBytes: bytes }) };
    case 404:
    case 410:
      return { name: 'gone', fault: modelFileMissing(path, status) };
    case 408:
    case 425:
    case 429:
      break;
    default:
      if (status < 500) return { name: 'gone', fault: downloadFailed(path, `HTTP ${status}`, { status }) };
  }
  const retryAfterMs = readRetryAfter(headers.get('retry-after'), now);
  return { name: 'cut', fault: downloadFailed(path, `HTTP ${status}`, { status }), retryAfterMs };
}

async function readBody(
  { path, bytes }: ModelFile,
  response: Response,
  into: CheckedFile,
  watch: () => void,
  told: (bytes: number) => void,
): Promise<Outcome> {
  // A server that ignores the range begins at the front: what is there already is passed over.
  let skip = response.status === 206 ? 0 : into.size;
  let received = 0;
  const reader = response.body?.getReader();
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true };
    if (done) break;
    watch();
    received += value.length;
    const fresh = value.subarray(Math.min(skip, value.length)).subarray(0, bytes - into.size);
    skip -= Math.min(skip, value.length);
    if (fresh.length > 0) {
      await into.append(fresh);
      told(fresh.length);
    }
    if (into.size === bytes) return { name: 'whole' };
  }
  const lacking = { bytes: into.size, expectedBytes: bytes };
  const said = response.headers.get('content-length');
  // It sent all that it has: its file is shorter. Without a length this is a cut like any other.
  if (received === 0 || said === String(received))
    return { name: 'wrong', fault: modelCorrupt(path, lacking) };
  return { name: 'cut', fault: downloadFailed(path, 'the connection ended early', lacking) };
}

/** Whether the server's file is another one by now than when it was begun. */
function isOther(response: Response, url: URL, { size, origin }: CheckedFile): boolean {
  const { etag } = originOf(response, url);
  return (
    size > 0 &&
    origin?.url === url.href &&
    origin.etag !== undefined &&
    etag !== undefined &&
    origin.etag !== etag
  );
}

function originOf({ headers }: Response, url: URL): { url: string; etag?: string } {
  const etag = headers.get('etag');
  return { url: url.href, ...(etag?.startsWith('"') ? { etag } : {}) };
}

/** `bytes 100-199/200`; the total may be `*`. */
function readRange(header: string | null): { first: number; total?: number } | undefined {
  const match = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(header ?? '');
  if (!match) return undefined;
  return { first: Number(match[1]), ...(match[2] === '*' ? {} : { total: Number(match[2]) }) };
}

/** Seconds, or a date. */
function readRetryAfter(header: string | null, now: number): number {
  if (header === null) return 0;
  if (/^\d+$/.test(header)) return Number(header) * 1_000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? 0 : Math.max(0, at - now);
}
