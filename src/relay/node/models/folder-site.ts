import { createReadStream } from 'node:fs';
import { open, readdir, readFile, stat } from 'node:fs/promises';
import { basename, join, relative, resolve, sep } from 'node:path';
import { CodedError } from '../../../core/errors.ts';
import type { ByteSource } from '../../../protocol/model/byte-source.ts';
import { fingerprintOf } from './fingerprint.ts';
import type { ModelSite } from './model-site.ts';

/** A model in a folder of this machine. @throws CodedError `model_file_missing` naming the file */
export function createFolderSite(folder: string): ModelSite {
  const place = (path: string): string => join(folder, path);
  return {
    name: basename(resolve(folder)),
    async list() {
      const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(missing(folder));
      return entries
        .filter((entry) => entry.isFile())
        .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'));
    },
    urlOf: () => undefined,
    text: (path) => readFile(place(path), 'utf8').catch(missing(path)),
    open: (path) => openFile(place(path)).catch(missing(path)),
    fingerprint: (path, tell) =>
      fingerprintOf(createReadStream(place(path), { highWaterMark: 1 << 20 }), tell).catch(missing(path)),
  };
}

/** A file to read parts of. It is opened for each: nobody has to close it. */
async function openFile(path: string): Promise<ByteSource> {
  const { size } = await stat(path);
  return {
    size,
    async read(at, length) {
      const file = await open(path);
      try {
        const bytes = new Uint8Array(length);
        const { bytesRead } = await file.read(bytes, 0, length, at);
        return bytes.subarray(0, bytesRead);
      } finally {
        await file.close();
      }
    },
  };
}

function missing(path: string): (cause: unknown) => never {
  return (cause) => {
    const { code = '' } = cause as NodeJS.ErrnoException;
    throw new CodedError('model_file_missing', `${path} can't be read (${code}).`, { file: path }, cause);
  };
}
