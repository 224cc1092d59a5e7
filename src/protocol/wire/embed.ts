import { z } from 'zod';
import { address, hash, tokenIdSchema } from './fields.ts';
import { attemptRefSchema, countSchema, modelRefSchema, priceSchema, signatureSchema } from './job.ts';

/** Inputs of one job at most. */
export const MAX_EMBED_INPUTS = 2048;

/** All that a provider needs to turn inputs into vectors (rule V1): one lease of one job, done as a whole or not at all. */
export const embedAssignmentSchema = attemptRefSchema.extend({
  model: modelRefSchema,
  /** Token ids, one list for each vector. */
  inputs: z.array(z.array(tokenIdSchema).min(1)).min(1).max(MAX_EMBED_INPUTS),
  /** Numbers of each vector. */
  dimensions: countSchema.min(1),
  /** The relay's random bytes: a receipt is about this job and no other. */
  nonce: hash,
  /** `prompt` is paid for each token, `out` for nothing. */
  price: priceSchema,
  /** The relay's part, in hundredths of a percent (rule M4). */
  feeBps: z.int().min(0).max(10_000),
});
export type EmbedAssignment = z.infer<typeof embedAssignmentSchema>;

/** What a provider states about vectors that it made (rule V2). Times are its own clock's, in ms. */
export const embedReceiptSchema = attemptRefSchema.extend({
  provider: address,
  model: modelRefSchema,
  inputsHash: hash,
  inputs: countSchema.min(1),
  /** Of all inputs. */
  tokens: countSchema.min(1),
  dimensions: countSchema.min(1),
  vectorsHash: hash,
  nonce: hash,
  engine: z.string().max(64),
  gpuClass: z.string().max(64),
  total: z.string().regex(/^\d{1,19}$/),
  startedAt: z.int().min(0),
  endedAt: z.int().min(0),
});
export type EmbedReceipt = z.infer<typeof embedReceiptSchema>;

export const signedEmbedReceiptSchema = embedReceiptSchema.extend({ signature: signatureSchema });
export type SignedEmbedReceipt = z.infer<typeof signedEmbedReceiptSchema>;
