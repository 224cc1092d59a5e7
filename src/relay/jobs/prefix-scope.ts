import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { type Hex, toHex, utf8 } from '../../core/bytes.ts';

/**
 * Among which jobs a provider may reuse what prompts left in its cache (rule E2): one agent's, at that provider. Opaque:
 * neither the provider nor two of them together learn from it who asks, and it changes with each start of the relay.
 * @param secret 32 random bytes of this process
 */
export function prefixScope(secret: Uint8Array, agent: string, provider: Hex): Hex {
  return toHex(hmac(sha256, secret, utf8(JSON.stringify([agent, provider]))).slice(0, 16));
}
