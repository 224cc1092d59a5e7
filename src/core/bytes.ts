import { CodedError } from './errors.ts';

/** `0x`-prefixed lower-case hexadecimal. */
export type Hex = `0x${string}`;

const encoder = new TextEncoder();
const digits = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** The one way that we write addresses and ids: others may mix their case. */
export function lower(hex: Hex): Hex {
  return hex.toLowerCase() as Hex;
}

export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

export function toHex(bytes: Uint8Array): Hex {
  let out = '';
  for (const byte of bytes) out += digits[byte];
  return `0x${out}`;
}

/** @throws CodedError `bad_hex` for anything but an even number of hex digits after an optional `0x`. */
export function fromHex(hex: string): Uint8Array {
  const body = hex.startsWith('0x') ? hex.slice(2) : hex;
  if (body.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(body)) {
    throw new CodedError('bad_hex', 'A value is not hexadecimal.', { length: hex.length });
  }
  const out = new Uint8Array(body.length / 2);
  for (let i = 0; i < out.length; i++) out[i] = Number.parseInt(body.slice(2 * i, 2 * i + 2), 16);
  return out;
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** Token ids as little-endian 32-bit words: the only byte form of ids that is ever hashed. */
export function idBytes(ids: ArrayLike<number>): Uint8Array {
  const out = new Uint8Array(ids.length * 4);
  const view = new DataView(out.buffer);
  for (let i = 0; i < ids.length; i++) view.setUint32(i * 4, ids[i] as number, true);
  return out;
}
