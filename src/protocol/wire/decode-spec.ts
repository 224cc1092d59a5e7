import { keccak_256 } from '@noble/hashes/sha3.js';
import { z } from 'zod';
import { type Hex, toHex, utf8 } from '../../core/bytes.ts';
import { canonicalJson } from './canonical-json.ts';

/**
 * How tokens are chosen from logits: the part of a request that every backend must apply identically, versioned
 * because a replay years later must know the rules of its day (rule S2).
 */
export const decodeSpecSchema = z.strictObject({
  version: z.literal(1),
  /** 0 is plain argmax; otherwise argmax over z + T * gumbel. */
  temperature: z.number().min(0).max(2),
});
export type DecodeSpec = z.infer<typeof decodeSpecSchema>;

/** What a signed receipt names instead of the spec itself. */
export function decodeSpecHash(spec: DecodeSpec): Hex {
  return toHex(keccak_256(utf8(canonicalJson(spec))));
}
