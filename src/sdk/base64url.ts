import { utf8 } from '../core/bytes.ts';

/** A value as base64url without padding of its JSON: how payment headers carry everything. */
export function encodeBase64Url(value: unknown): string {
  let binary = '';
  for (const byte of utf8(JSON.stringify(value))) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

/** The value; undefined for anything that is not base64url of JSON. */
export function decodeBase64Url(text: string): unknown {
  try {
    const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
    return JSON.parse(new TextDecoder().decode(Uint8Array.from(binary, (char) => char.charCodeAt(0))));
  } catch {
    return undefined;
  }
}
