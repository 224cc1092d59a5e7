import { createHash } from 'node:crypto';

/** What a file is, by size and hash. */
export interface Fingerprint {
  readonly bytes: number;
  /** 64 lower-case hex digits. */
  readonly sha256: string;
}

/** @param tell called with the bytes read so far */
export async function fingerprintOf(
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  tell: (bytes: number) => void,
): Promise<Fingerprint> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const piece of pieces) {
    hash.update(piece);
    bytes += piece.length;
    tell(bytes);
  }
  return { bytes, sha256: hash.digest('hex') };
}
