import { keccak_256 } from '@noble/hashes/sha3.js';
import { z } from 'zod';
import { type Hex, toHex, utf8 } from '../../core/bytes.ts';
import { canonicalJson } from './canonical-json.ts';
import { tokenIdSchema } from './fields.ts';

/** Entries of a logit bias, at most. */
export const MAX_BIASED = 1024;

/** Characters of a constraint's text, at most: it travels in one frame with the prompt. */
export const MAX_CONSTRAINT = 32 * 1024;

const constraintText = z.string().min(1).max(MAX_CONSTRAINT);

/** What the text of an answer must look like. */
export const constraintSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('json_object') }),
  /** `schema`: JSON, its keys in the order of the request. */
  z.strictObject({ kind: z.literal('json_schema'), schema: constraintText }),
  /** `tag`: an xgrammar structural tag, JSON in the same way. */
  z.strictObject({ kind: z.literal('structural_tag'), tag: constraintText }),
]);
export type Constraint = z.infer<typeof constraintSchema>;

/**
 * How tokens are chosen from logits: the part of a request that every backend must apply identically, versioned
 * because a replay years later must know the rules of its day (rules S2 and S5 to S8).
 */
export const decodeSpecSchema = z.strictObject({
  version: z.literal(2),
  /** 0 is plain argmax; otherwise argmax over z' + T * gumbel. */
  temperature: z.number().min(0).max(2),
  /** Share of the likeliest ids' mass that is kept; 1 is off. */
  topP: z.number().gt(0).max(1),
  /** How many of the likeliest ids are kept; 0 is off. */
  topK: z.int().min(0),
  /** Ids less likely than this part of the likeliest are dropped; 0 is off. */
  minP: z.number().min(0).max(1),
  /** Taken from a logit for each time that its id came in this choice's output. */
  frequencyPenalty: z.number().min(-2).max(2),
  /** Taken once from the logit of an id that came in this choice's output. */
  presencePenalty: z.number().min(-2).max(2),
  /** [token id, what is added to its logit], by rising id. */
  logitBias: z
    .array(z.tuple([tokenIdSchema, z.number().min(-100).max(100)]))
    .max(MAX_BIASED)
    .refine((bias) => bias.every(([id], i) => i === 0 || id > bias[i - 1]![0]), 'expected rising token ids'),
  constraint: constraintSchema.optional(),
});
export type DecodeSpec = z.infer<typeof decodeSpecSchema>;

/** A spec that controls nothing but the temperature. */
export function plainSpec(temperature: number): DecodeSpec {
  return {
    version: 2,
    temperature,
    topP: 1,
    topK: 0,
    minP: 0,
    frequencyPenalty: 0,
    presencePenalty: 0,
    logitBias: [],
  };
}

/** What a signed receipt names instead of the spec itself. */
export function decodeSpecHash(spec: DecodeSpec): Hex {
  return toHex(keccak_256(utf8(canonicalJson(spec))));
}
