import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import type { ByteSource } from '../../src/protocol/model/byte-source.ts';
import type { HubFile, HubRepository } from './hub-repository.ts';

export interface FetchedFile {
  readonly bytes: number;
  /** 64 lower-case hex digits, computed here. */
  readonly sha256: string;
}

/**
 * Downloads a file of a repository and hashes it on the way.
 * @throws Error where it is not what the hub says of it
 */
export async function fetchInto(
  { urlOf }: HubRepository,
  said: HubFile,
  into: string,
  tell: (bytes: number) => void = () => {},
): Promise<FetchedFile> {
  const response = await fetch(urlOf(said.path));
  if (!response.ok || !response.body) throw new Error(`${said.path} answers ${response.status}.`);
  const hash = createHash('sha256');
  const file = await open(into, 'w');
  let bytes = 0;
  try {
    for await (const piece of response.body) {
      hash.update(piece);
      await file.writeFile(piece);
      bytes += piece.length;
      tell(bytes);
    }
  } finally {
    await file.close();
  }
  const sha256 = hash.digest('hex');
  if (bytes !== said.bytes) throw new Error(`${said.path} has ${bytes} bytes; the hub says ${said.bytes}.`);
  if (said.sha256 !== undefined && said.sha256 !== sha256) {
    throw new Error(`${said.path} has the hash ${sha256}; the hub says ${said.sha256}.`);
  }
  return { bytes, sha256 };
}

/** Reads parts of a file without reading all of it. */
export async function readFileParts<T>(path: string, read: (source: ByteSource) => Promise<T>): Promise<T> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    return await read({
      size,
      read: async (at, length) => {
        const bytes = new Uint8Array(length);
        const { bytesRead } = await file.read(bytes, 0, length, at);
        return bytes.subarray(0, bytesRead);
      },
    });
  } finally {
    await file.close();
  }
}
