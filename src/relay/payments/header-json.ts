import { utf8 } from '../../core/bytes.ts';

/** A value's JSON as base64url without padding: how payment headers carry everything. */
export function encodeHeader(value: unknown): string {
  return encodeBytes(utf8(JSON.stringify(value)));
}

export function encodeBytes(bytes: Uint8Array): string {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

/** The value; undefined for anything that is not base64url of JSON. */
export function decodeHeader(text: string): unknown {
  try {
    const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
    return JSON.parse(new TextDecoder().decode(Uint8Array.from(binary, (char) => char.charCodeAt(0))));
  } catch {
    return undefined;
  }
}
