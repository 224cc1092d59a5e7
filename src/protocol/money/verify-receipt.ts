import { CodedError } from '../../core/errors.ts';
import { decodeLeaf, firstCommitment, nextCommitment } from '../wire/chunk.ts';
import { decodeSpecHash } from '../wire/decode-spec.ts';
import type { AttemptRecord, JobReceipt } from './receipt.ts';
import { recoverAddress, type Recover } from './signature.ts';
import { chunkDigest, idsHash, receiptDigest } from './statements.ts';

/** A receipt's fault: a stable code, and the attempt that it was found in, if one. */
export interface ReceiptProblem {
  readonly code: string;
  readonly lease?: number;
}

/** What the checker may hold against a receipt besides itself. */
export interface Evidence {
  readonly promptIds?: readonly number[];
  readonly outputIds?: readonly number[];
  readonly recover?: Recover;
}

/**
 * Checks a job's receipt offline (rule R5): signatures, continuity of positions, counts, hashes. An empty list means
 * valid. It says who signed what, never that a model ran: that is what audits are for.
 */
export function verifyReceipt(receipt: JobReceipt, evidence: Evidence = {}): ReceiptProblem[] {
  const problems: ReceiptProblem[] = [];
  const { promptIds, outputIds } = evidence;
  if (promptIds && idsHash(promptIds) !== receipt.promptHash) problems.push({ code: 'prompt_hash' });
  if (outputIds && idsHash(outputIds) !== receipt.outputHash) problems.push({ code: 'output_hash' });
  if (outputIds && outputIds.length !== receipt.outputTokens) problems.push({ code: 'output_count' });
  let next = 0;
  for (const attempt of receipt.attempts) {
    if (attempt.first !== next) problems.push({ code: 'position_gap', lease: attempt.lease });
    next = attempt.first + attempt.count;
    const ids = outputIds?.slice(attempt.first, next);
    for (const code of attemptProblems(receipt, attempt, ids, evidence.recover ?? recoverAddress)) {
      problems.push({ code, lease: attempt.lease });
    }
  }
  if (next !== receipt.outputTokens) problems.push({ code: 'output_count' });
  const last = receipt.attempts.at(-1);
  // A tab may die between its last token and its receipt: the answer is whole all the same (rule R4).
  if (last?.ended === 'finished' && !last.receipt) problems.push({ code: 'final_receipt_missing' });
  return problems;
}

function* attemptProblems(
  job: JobReceipt,
  attempt: AttemptRecord,
  ids: readonly number[] | undefined,
  recover: Recover,
): Generator<string> {
  let position = attempt.first;
  for (const [index, chunk] of attempt.chunks.entries()) {
    if (chunk.job !== job.job || chunk.lease !== attempt.lease) yield 'chunk_of_other_attempt';
    if (chunk.index !== index || chunk.first !== position) yield 'chunk_position';
    position += chunk.count;
    if (signerOf(recover, chunkDigest(chunk), chunk.signature) !== attempt.provider) yield 'chunk_signature';
  }
  if (position - attempt.first + attempt.unsigned !== attempt.count) yield 'chunk_count';
  const { receipt } = attempt;
  if (!receipt) return;
  if (signerOf(recover, receiptDigest(receipt), receipt.signature) !== attempt.provider)
    yield 'receipt_signature';
  if (receipt.job !== job.job || receipt.lease !== attempt.lease) yield 'receipt_of_other_attempt';
  if (receipt.provider !== attempt.provider) yield 'receipt_provider';
  if (receipt.promptHash !== job.promptHash || receipt.promptTokens !== job.promptTokens) yield 'prompt_hash';
  if (receipt.model.manifest !== job.model.manifest || receipt.model.variant !== job.model.variant)
    yield 'model';
  if (receipt.seed !== job.seed || receipt.nonce !== job.nonce) yield 'seed';
  if (receipt.choice !== job.choice) yield 'choice';
  if (receipt.specHash !== decodeSpecHash(job.spec)) yield 'decode_spec';
  if (receipt.first !== attempt.first || receipt.count !== attempt.count) yield 'receipt_count';
  const commitment = attempt.chunks.at(-1)?.commitment ?? firstCommitment(attempt.chunks[0] ?? receipt);
  if (receipt.commitment !== commitment) yield 'commitment';
  if (ids && receipt.outputHash !== idsHash(ids)) yield 'output_hash';
}

/** Who signed a digest; undefined for no signature at all. */
export function signerOf(recover: Recover, ...[digest, signature]: Parameters<Recover>): string | undefined {
  try {
    return recover(digest, signature);
  } catch (error) {
    if (error instanceof CodedError) return undefined;
    throw error;
  }
}

/**
 * Checks an attempt's opened leaves against its signed chunks: hashes, counts and ids (rule C4). Empty means they fit.
 * @param leaves one `encodeLeaf` per chunk, in order.
 */
export function verifyOpening(
  attempt: AttemptRecord,
  leaves: readonly Uint8Array[],
  ids: readonly number[],
): ReceiptProblem[] {
  const { lease } = attempt;
  if (leaves.length !== attempt.chunks.length) return [{ code: 'opening_count', lease }];
  const problems: ReceiptProblem[] = [];
  let commitment = attempt.chunks[0] ? firstCommitment(attempt.chunks[0]) : ('0x' as const);
  for (const [index, chunk] of attempt.chunks.entries()) {
    const leaf = leaves[index] as Uint8Array;
    commitment = nextCommitment(commitment, leaf);
    if (commitment !== chunk.commitment) problems.push({ code: 'opening_commitment', lease });
    const tokens = decodeLeaf(leaf);
    const expected = ids.slice(chunk.first, chunk.first + chunk.count);
    if (tokens.length !== chunk.count || tokens.some((token, i) => token.id !== expected[i])) {
      problems.push({ code: 'opening_ids', lease });
    }
  }
  return problems;
}
