import { CodedError } from '../../core/errors.ts';

/** Vectors as they travel: 32-bit floats, little-endian, one vector after another, in base64. */

/** @param vectors all of one length */
export function vectorBytes(vectors: readonly Float32Array[]): Uint8Array<ArrayBuffer> {
  const size = vectors[0]?.length ?? 0;
  const bytes = new Uint8Array(4 * size * vectors.length);
  const view = new DataView(bytes.buffer);
  for (const [i, vector] of vectors.entries()) {
    for (const [j, value] of vector.entries()) view.setFloat32(4 * (i * size + j), value, true);
  }
  return bytes;
}

/** The numbers of one vector. */
export function vectorOf(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length / 4 }, (_, i) => view.getFloat32(4 * i, true));
}

/** Bytes as base64, in pieces that a call's arguments can hold. */
export function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 0x2000) {
    text += String.fromCharCode(...bytes.subarray(at, at + 0x2000));
  }
  return btoa(text);
}

/** @throws CodedError `vectors_invalid` */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch (cause) {
    throw new CodedError('vectors_invalid', 'Vectors are not base64.', undefined, cause);
  }
}
