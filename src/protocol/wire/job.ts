import { z } from 'zod';
import { CHUNK_TOKENS } from '../constants.ts';
import { decodeSpecSchema } from './decode-spec.ts';
import { address, hash, hex, tokenIdSchema } from './fields.ts';
import { MAX_TOP } from './sample.ts';

/** A job's id: 16 random bytes from the relay. */
export const jobIdSchema = hex(16);

/** Which of a request's answers a job gives: they share a seed and differ in their noise (rule S1). */
export const choiceSchema = z.int().min(0).max(127);

/** A count of tokens or a position. */
export const countSchema = z
  .int()
  .min(0)
  .max(2 ** 20);

/** Names one attempt: the lease is the attempt's number within its job, from 0. */
export const attemptRefSchema = z.object({ job: jobIdSchema, lease: z.int().min(0).max(255) });
export type AttemptRef = z.infer<typeof attemptRefSchema>;

/** A model as both ends name it: hash of the manifest's bytes, and the variant within it. */
export const modelRefSchema = z.object({ manifest: hash, variant: z.string().min(1).max(32) });
export type ModelRef = z.infer<typeof modelRefSchema>;

export const finishSchema = z.enum(['stop', 'length']);
export type Finish = z.infer<typeof finishSchema>;

/** Pico-units per token (10^-12 of a whole coin), pinned for a job when it is assigned (rule M1). */
export const priceSchema = z.object({
  out: z.string().regex(/^\d{1,18}$/),
  prompt: z.string().regex(/^\d{1,18}$/),
});
export type Price = z.infer<typeof priceSchema>;

/** Nobody is asked to pay: localhost and one's own GPU, by explicit configuration of the relay. */
export const FREE: Price = { out: '0', prompt: '0' };

/** How far a job was paid before an attempt: accepted chunks and paid output tokens (`Progress` in `money/price.ts`). */
export const progressSchema = z.object({ chunks: countSchema, tokens: countSchema });

/** All that a provider needs to run one attempt. */
export const assignmentSchema = attemptRefSchema.extend({
  model: modelRefSchema,
  /** The job's prompt. */
  prompt: z.array(tokenIdSchema).min(1),
  /** Output ids that earlier attempts delivered. */
  prior: z.array(tokenIdSchema),
  spec: decodeSpecSchema,
  /** 64 bits, fresh for each job unless the agent set it. */
  seed: hex(8),
  choice: choiceSchema,
  /** Alternatives whose log-probabilities come with each token; absent where none were asked for. */
  topLogprobs: z.int().min(0).max(MAX_TOP).optional(),
  /** A provider reuses the cache of a prompt's beginning only among jobs of equal scope; opaque to it. */
  scope: hex(16).optional(),
  /** The agent's or the relay's random bytes: binds the choice of audits. */
  nonce: hash,
  /** Output tokens that this attempt may give at most. */
  maxTokens: countSchema.min(1),
  /** Output tokens of this attempt that are paid for now; raised by `credit`. */
  credit: countSchema,
  stop: z.array(z.string().min(1).max(256)).max(4),
  price: priceSchema,
  /** The relay's part, in hundredths of a percent (rule M4). */
  feeBps: z.int().min(0).max(10_000),
  /** What earlier attempts were paid for: this one earns what the job's share grows by from there (rule M4). */
  before: progressSchema,
});
export type Assignment = z.infer<typeof assignmentSchema>;

/** The signed statement about one chunk (rule C3); `total` is what the attempt has earned so far, in pico. */
export const chunkStatementSchema = attemptRefSchema.extend({
  index: countSchema,
  /** Position of the chunk's first token within the job's output. */
  first: countSchema,
  count: z.int().min(1).max(CHUNK_TOKENS),
  commitment: hash,
  total: z.string().regex(/^\d{1,19}$/),
});
export type ChunkStatement = z.infer<typeof chunkStatementSchema>;

export const signatureSchema = hex(65);

export const signedChunkSchema = chunkStatementSchema.extend({ signature: signatureSchema });
export type SignedChunk = z.infer<typeof signedChunkSchema>;

/** What a provider states about a finished attempt (rule R1). Times are its own clock's, in ms. */
export const attemptReceiptSchema = attemptRefSchema.extend({
  provider: address,
  model: modelRefSchema,
  promptHash: hash,
  promptTokens: countSchema,
  first: countSchema,
  count: countSchema,
  outputHash: hash,
  finish: finishSchema,
  specHash: hash,
  seed: hex(8),
  choice: choiceSchema,
  nonce: hash,
  commitment: hash,
  engine: z.string().max(64),
  gpuClass: z.string().max(64),
  total: z.string().regex(/^\d{1,19}$/),
  startedAt: z.int().min(0),
  endedAt: z.int().min(0),
});
export type AttemptReceipt = z.infer<typeof attemptReceiptSchema>;

export const signedReceiptSchema = attemptReceiptSchema.extend({ signature: signatureSchema });
export type SignedReceipt = z.infer<typeof signedReceiptSchema>;
