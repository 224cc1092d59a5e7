import { z } from 'zod';
import type { Hex } from '../../core/bytes.ts';
import { signedEmbedReceiptSchema } from '../wire/embed.ts';
import { address, hash } from '../wire/fields.ts';
import { countSchema, jobIdSchema, modelRefSchema } from '../wire/job.ts';
import { embedDigest, inputsHash, vectorsHash } from './embed-statement.ts';
import { jobReceiptSchema } from './receipt.ts';
import { type Recover, recoverAddress } from './signature.ts';
import { type ReceiptProblem, signerOf } from './verify-receipt.ts';

const embedAttemptSchema = z.object({
  lease: z.int().min(0),
  provider: address,
  /** Null where the attempt ended before it had vectors. */
  receipt: signedEmbedReceiptSchema.nullable(),
  /** Why it ended: `finished`, or the code of the loss, hand-back or cancel. */
  ended: z.string(),
});
export type EmbedAttemptRecord = z.infer<typeof embedAttemptSchema>;

/** The receipt of an embedding job (rule V3), as `GET /v1/receipts/:job` gives it. Hashes stand for what it is about. */
const embedJobReceiptSchema = z.object({
  kind: z.literal('embeddings'),
  job: jobIdSchema,
  relay: address,
  modelId: z.string(),
  model: modelRefSchema,
  inputsHash: hash,
  inputs: countSchema,
  tokens: countSchema,
  dimensions: countSchema,
  /** Null for a job that failed or was cancelled. */
  vectorsHash: hash.nullable(),
  nonce: hash,
  attempts: z.array(embedAttemptSchema),
  startedAt: z.int(),
  endedAt: z.int(),
});
export type EmbedJobReceipt = z.infer<typeof embedJobReceiptSchema>;

/** A receipt of either kind of job. */
export const anyReceiptSchema = z.union([jobReceiptSchema, embedJobReceiptSchema]);
export type AnyReceipt = z.infer<typeof anyReceiptSchema>;

/** What a verifier may have beside the receipt: the inputs and the vectors that it is about. */
export interface EmbedEvidence {
  readonly inputs?: readonly (readonly number[])[];
  readonly vectors?: Uint8Array;
  readonly recover?: Recover;
}

/**
 * Checks a receipt offline: signatures, counts and hashes, against the inputs and vectors where they are given. It does
 * not prove that the model ran. Empty means that all holds.
 */
export function verifyEmbedReceipt(receipt: EmbedJobReceipt, evidence: EmbedEvidence = {}): ReceiptProblem[] {
  const { inputs, vectors, recover = recoverAddress } = evidence;
  const problems: ReceiptProblem[] = [];
  if (inputs && inputsHash(inputs) !== receipt.inputsHash) problems.push({ code: 'inputs_hash' });
  if (vectors && vectorsHash(vectors) !== receipt.vectorsHash) problems.push({ code: 'vectors_hash' });
  for (const attempt of receipt.attempts) {
    for (const code of attemptProblems(receipt, attempt, recover))
      problems.push({ code, lease: attempt.lease });
  }
  const isSigned = receipt.attempts.at(-1)?.receipt?.vectorsHash === receipt.vectorsHash;
  if (receipt.vectorsHash !== null && !isSigned) problems.push({ code: 'final_receipt_missing' });
  return problems;
}

function* attemptProblems(
  job: EmbedJobReceipt,
  { lease, provider, receipt }: EmbedAttemptRecord,
  recover: Recover,
): Generator<string> {
  if (!receipt) return;
  if (signerOf(recover, embedDigest(receipt), receipt.signature) !== provider) yield 'receipt_signature';
  if (receipt.job !== job.job || receipt.lease !== lease) yield 'receipt_of_other_attempt';
  if (receipt.provider !== provider) yield 'receipt_provider';
  const { manifest, variant } = receipt.model;
  if (manifest !== job.model.manifest || variant !== job.model.variant) yield 'model';
  if (receipt.inputsHash !== job.inputsHash || receipt.inputs !== job.inputs) yield 'inputs_hash';
  if (receipt.tokens !== job.tokens || receipt.dimensions !== job.dimensions) yield 'receipt_count';
  if (receipt.nonce !== job.nonce) yield 'nonce';
}

/** Who signed which part of a receipt. */
export function providersOf({ attempts }: AnyReceipt): Hex[] {
  return [...new Set(attempts.map(({ provider }) => provider))];
}
