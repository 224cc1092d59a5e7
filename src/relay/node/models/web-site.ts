import { CodedError } from '../../../core/errors.ts';
import type { ByteSource } from '../../../protocol/model/byte-source.ts';
import { type Fingerprint, fingerprintOf } from './fingerprint.ts';
import { KNOWN_FILES, type ModelSite, TEXT_MAX } from './model-site.ts';

/**
 * A model on any web server, which can't list: it is asked for the files that such models have.
 * @param base of the model's files, with a slash at its end
 */
export function createWebSite(base: URL): ModelSite {
  const place = (path: string): URL => new URL(path, base);
  return {
    name: base.pathname.split('/').findLast((part) => part !== '') ?? base.hostname,
    async list() {
      const found = await Promise.all(
        KNOWN_FILES.map(async (path) => ((await ask(place(path), path, { method: 'HEAD' })) ? path : [])),
      );
      return found.flat();
    },
    urlOf: (path) => place(path).href,
    text: (path) => fetchText(place(path), path),
    open: (path) => openUrl(place(path), path),
    fingerprint: (path, tell) => fingerprintUrl(place(path), path, tell),
  };
}

/** @throws CodedError `model_file_missing`, `download_failed` */
export async function fetchText(url: URL, path: string): Promise<string> {
  const response = await fetchFile(url, path);
  if (Number(response.headers.get('content-length') ?? 0) > TEXT_MAX) {
    throw new CodedError('download_failed', `${path} is too large for what it should be.`, { file: path });
  }
  return response.text();
}

/**
 * Downloads a file to hash it.
 * @param tell called with the bytes read so far
 * @throws CodedError `model_file_missing`, `download_failed`
 */
export async function fingerprintUrl(
  url: URL,
  path: string,
  tell: (bytes: number) => void,
): Promise<Fingerprint> {
  return fingerprintOf((await fetchFile(url, path)).body ?? [], tell);
}

/** A file to read parts of. @throws CodedError `range_unsupported` */
export async function openUrl(url: URL, path: string, size?: number): Promise<ByteSource> {
  return {
    size: size ?? Number((await fetchFile(url, path, { method: 'HEAD' })).headers.get('content-length')),
    async read(at, length) {
      if (length === 0) return new Uint8Array(0);
      const range = `bytes=${at}-${at + length - 1}`;
      const response = await fetchFile(url, path, { headers: { range } });
      if (response.status === 206) return new Uint8Array(await response.arrayBuffer());
      await response.body?.cancel();
      const message = `${url.host} gives no parts of files: download the model and name its folder instead.`;
      throw new CodedError('range_unsupported', message, { file: path });
    },
  };
}

async function fetchFile(url: URL, path: string, init?: RequestInit): Promise<Response> {
  const response = await ask(url, path, init);
  if (response) return response;
  throw new CodedError('model_file_missing', `${path} is not at ${url.href}.`, { file: path });
}

/** An answer, or nothing where the file is not there. @throws CodedError `download_failed` */
async function ask(url: URL, path: string, init: RequestInit = {}): Promise<Response | undefined> {
  const response = await fetch(url, init).catch((cause: unknown) => {
    const message = `${url.host} can't be reached: ${cause instanceof Error ? cause.message : String(cause)}.`;
    throw new CodedError('download_failed', message, { file: path }, cause);
  });
  if (response.ok) return response;
  await response.body?.cancel();
  if (response.status === 404 || response.status === 410) return undefined;
  const message = `${url.host} does not give ${path}: HTTP ${response.status}.`;
  throw new CodedError('download_failed', message, { file: path, status: response.status });
}
