import { CodedError } from '../../core/errors.ts';
import type { ModelFile } from '../../protocol/wire/model-manifest.ts';
import { toHex } from '../../core/bytes.ts';
import { fetchFile } from './model-shelf.ts';

/**
 * Fetches files and checks each against its hash before anybody reads it.
 * @param tell called with the bytes of all files so far.
 * @throws CodedError `download_failed`, `model_corrupt`, each naming the file
 */
export async function downloadFiles(
  folder: URL,
  files: readonly ModelFile[],
  tell: (bytes: number) => void,
  signal: AbortSignal,
): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const done = new Map<string, Uint8Array<ArrayBuffer>>();
  let before = 0;
  for (const file of files) {
    const response = await fetchFile(new URL(file.path, folder), file.path, signal);
    const bytes = await readBody(response, file, (count) => tell(before + count));
    const digest = toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))).slice(2);
    if (digest !== file.sha256) throw corrupt(file);
    before += file.bytes;
    done.set(file.path, bytes);
  }
  return done;
}

async function readBody(
  response: Response,
  file: ModelFile,
  tell: (bytes: number) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(file.bytes);
  let at = 0;
  for await (const piece of response.body ?? []) {
    if (at + piece.length > file.bytes) throw corrupt(file);
    bytes.set(piece, at);
    at += piece.length;
    tell(at);
  }
  if (at !== file.bytes) throw corrupt(file);
  return bytes;
}

function corrupt({ path }: ModelFile): CodedError {
  return new CodedError('model_corrupt', `${path} is not the file that the manifest names.`, { file: path });
}
