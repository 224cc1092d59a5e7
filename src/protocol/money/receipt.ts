import { z } from 'zod';
import { address, hash, hex } from '../wire/fields.ts';
import { decodeSpecSchema } from '../wire/decode-spec.ts';
import {
  choiceSchema,
  countSchema,
  finishSchema,
  jobIdSchema,
  modelRefSchema,
  signedChunkSchema,
  signedReceiptSchema,
} from '../wire/job.ts';

/** What one attempt did of a job: its signed chunks, its receipt if it lived to sign one, and its unsigned rest. */
export const attemptRecordSchema = z.object({
  lease: z.int().min(0),
  provider: address,
  first: countSchema,
  count: countSchema,
  /** Tokens at the attempt's end that no chunk covers: delivered before the tab was lost, paid by count. */
  unsigned: countSchema,
  chunks: z.array(signedChunkSchema),
  receipt: signedReceiptSchema.nullable(),
  /** Why the attempt ended: `finished`, or the code of the loss, hand-back or cancel. */
  ended: z.string(),
});
export type AttemptRecord = z.infer<typeof attemptRecordSchema>;

/** The receipt of a job: the ordered list of its attempts (rule R4), as `GET /v1/receipts/:job` gives it. */
export const jobReceiptSchema = z.object({
  job: jobIdSchema,
  relay: address,
  modelId: z.string(),
  model: modelRefSchema,
  promptHash: hash,
  promptTokens: countSchema,
  outputHash: hash,
  outputTokens: countSchema,
  /** Null for a job that failed or was cancelled. */
  finish: finishSchema.nullable(),
  spec: decodeSpecSchema,
  seed: hex(8),
  choice: choiceSchema,
  nonce: hash,
  attempts: z.array(attemptRecordSchema),
  startedAt: z.int(),
  endedAt: z.int(),
});
export type JobReceipt = z.infer<typeof jobReceiptSchema>;
