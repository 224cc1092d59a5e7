import { toHex } from '../../core/bytes.ts';
import { abortError, CodedError } from '../../core/errors.ts';
import type { ModelFile } from '../../protocol/wire/model-manifest.ts';
import type { ModelStore } from './model-store.ts';

/** How far one file is; what comes from the store is there at once. */
export interface FileProgress {
  readonly file: string;
  /** Bytes. */
  readonly loaded: number;
  readonly total: number;
}

export interface ModelFilesOptions {
  /** Where the manifest lies; its paths are relative to it. */
  readonly folder: URL;
  readonly store: ModelStore;
  readonly fetch: (url: URL, init: { signal?: AbortSignal }) => Promise<Response>;
  readonly progress?: (progress: FileProgress) => void;
  readonly signal?: AbortSignal;
}

/**
 * Gives files of a model, from the store or else from the network, each checked against the manifest's SHA-256 before
 * anybody reads it. A stored copy that no longer fits is dropped and fetched anew.
 *
 * Errors, each naming the file in `data.file`: `model_file_missing`, `model_corrupt`, `download_failed`; `storage_full`,
 * `storage_failed`; `aborted`.
 */
export async function loadModelFiles(
  files: readonly ModelFile[],
  options: ModelFilesOptions,
): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const loaded = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const file of files) loaded.set(file.path, await loadFile(file, options));
  return loaded;
}

async function loadFile(file: ModelFile, options: ModelFilesOptions): Promise<Uint8Array<ArrayBuffer>> {
  const { store, progress, signal } = options;
  const kept = await store.read(file.sha256);
  if (kept && (await hashOf(kept)) === file.sha256) {
    progress?.({ file: file.path, loaded: file.bytes, total: file.bytes });
    return kept;
  }
  if (kept) await store.remove(file.sha256);
  if (signal?.aborted) throw abortError(signal);
  const bytes = await download(file, options);
  const sha256 = await hashOf(bytes);
  if (sha256 !== file.sha256) throw corrupt(file, { expected: file.sha256, sha256 });
  await store.write(file.sha256, bytes);
  return bytes;
}

async function download(file: ModelFile, options: ModelFilesOptions): Promise<Uint8Array<ArrayBuffer>> {
  const { folder, fetch, progress, signal } = options;
  const bytes = new Uint8Array(file.bytes);
  let at = 0;
  try {
    const response = await fetch(new URL(file.path, folder), signal ? { signal } : {});
    checkStatus(response, file);
    const reader = response.body?.getReader();
    for (;;) {
      const { done, value } = (await reader?.read()) ?? { done: true };
      if (done) break;
      if (at + value.length > file.bytes) {
        await reader?.cancel();
        throw corrupt(file, { bytes: at + value.length, expectedBytes: file.bytes });
      }
      bytes.set(value, at);
      at += value.length;
      progress?.({ file: file.path, loaded: at, total: file.bytes });
    }
  } catch (cause) {
    if (cause instanceof CodedError) throw cause;
    if (signal?.aborted) throw abortError(signal);
    const data = { file: file.path, loaded: at, text: String(cause) };
    throw new CodedError('download_failed', `${file.path} could not be downloaded.`, data, cause);
  }
  if (at !== file.bytes) throw corrupt(file, { bytes: at, expectedBytes: file.bytes });
  return bytes;
}

function checkStatus({ ok, status }: Response, { path }: ModelFile): void {
  if (ok) return;
  const data = { file: path, status };
  if (status === 404 || status === 410) {
    throw new CodedError('model_file_missing', `${path} is not where the manifest says.`, data);
  }
  throw new CodedError('download_failed', `${path} could not be downloaded: HTTP ${status}.`, data);
}

function corrupt({ path }: ModelFile, difference: Readonly<Record<string, unknown>>): CodedError {
  const message = `${path} is not the file that the manifest names.`;
  return new CodedError('model_corrupt', message, { file: path, ...difference });
}

/** 64 lower-case hex digits. */
async function hashOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))).slice(2);
}
