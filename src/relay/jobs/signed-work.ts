import type { Hex } from '../../core/bytes.ts';
import { CodedError } from '../../core/errors.ts';
import { CHUNK_TOKENS } from '../../protocol/constants.ts';
import type { Recover } from '../../protocol/money/signature.ts';
import { attemptTotal } from '../../protocol/money/price.ts';
import { chunkDigest, idsHash, receiptDigest } from '../../protocol/money/statements.ts';
import { canonicalJson } from '../../protocol/wire/canonical-json.ts';
import { firstCommitment } from '../../protocol/wire/chunk.ts';
import type { AttemptReceipt, Finish, SignedChunk, SignedReceipt } from '../../protocol/wire/job.ts';
import type { Job } from './job.ts';
import type { Lease } from './lease.ts';
import { hasWholeText } from './whole-text.ts';

/**
 * Takes a signed chunk: it must continue the attempt and cover only ids that were delivered (rules C1, C3, C5).
 * @throws CodedError `chunk_invalid`, with what is wrong
 */
export function acceptChunk(job: Job, lease: Lease, chunk: SignedChunk, recover: Recover): void {
  const fault = chunkFault(job, lease, chunk, recover);
  if (fault)
    throw new CodedError('chunk_invalid', `A chunk does not continue its attempt: ${fault}.`, { fault });
  lease.chunks.push(chunk);
  lease.signed += chunk.count;
  const { chunks, tokens } = job.progress;
  job.progress = { chunks: chunks + 1, tokens: tokens + chunk.count };
}

function chunkFault({ order }: Job, lease: Lease, chunk: SignedChunk, recover: Recover): string | undefined {
  const { provider, signed } = lease;
  const after = signed + chunk.count;
  if (chunk.index !== lease.chunks.length) return 'index';
  if (chunk.first !== lease.first + signed) return 'position';
  if (signed % CHUNK_TOKENS !== 0) return 'the one before was short';
  if (after > lease.count) return 'its tokens were not delivered';
  if (chunk.count < CHUNK_TOKENS && after < lease.count) return 'it is short and not the last';
  const progress = { chunks: lease.before.chunks + chunk.index + 1, tokens: lease.before.tokens + after };
  const total = attemptTotal(order.payment.terms, lease.before, { ...progress, finished: false });
  if (BigInt(chunk.total) !== total) return 'total';
  if (!isSignedBy(provider.account, chunkDigest(chunk), chunk.signature, recover)) return 'signature';
  return undefined;
}

export interface Result {
  readonly finish: Finish;
  readonly count: number;
  readonly receipt: SignedReceipt;
}

/**
 * Takes the receipt of a finished attempt: its end must be what happened (rule A2), everything delivered must be
 * signed, and it must state this attempt and no other (rule R1).
 * @throws CodedError `finish_invalid`, `receipt_invalid` (with the field)
 */
export function acceptResult(
  job: Job,
  lease: Lease,
  { finish, count, receipt }: Result,
  recover: Recover,
): void {
  const happened =
    finish === 'stop' ? job.output.stopped || hasWholeText(job) : lease.count === lease.maxTokens;
  if (!happened) {
    throw new CodedError('finish_invalid', 'An attempt did not end in the way that its result states.', {
      finish,
    });
  }
  const wrong = (field: string): CodedError =>
    new CodedError('receipt_invalid', `A receipt does not state its attempt: ${field}.`, { field });
  if (count !== lease.count || lease.signed !== lease.count) throw wrong('count');
  for (const [field, value] of Object.entries(factsOf(job, lease, finish))) {
    if (canonicalJson(receipt[field as keyof AttemptReceipt]) !== canonicalJson(value)) throw wrong(field);
  }
  const { account } = lease.provider;
  if (!isSignedBy(account, receiptDigest(receipt), receipt.signature, recover)) throw wrong('signature');
  lease.receipt = receipt;
}

/** All of a receipt that the relay knows by itself; engine, GPU class and times are the provider's own statement. */
function factsOf(job: Job, lease: Lease, finish: Finish): Partial<AttemptReceipt> {
  const { first, count, number } = lease;
  return {
    job: job.id,
    lease: number,
    provider: lease.provider.account,
    model: job.order.model.ref,
    promptHash: job.promptHash,
    promptTokens: job.order.prompt.length,
    first,
    count,
    outputHash: idsHash(job.output.ids.slice(first, first + count)),
    finish,
    specHash: job.specHash,
    seed: job.order.seed,
    choice: job.order.choice ?? 0,
    nonce: job.nonce,
    commitment: lease.chunks.at(-1)?.commitment ?? firstCommitment({ job: job.id, lease: number }),
    total: String(attemptTotal(job.order.payment.terms, lease.before, { ...job.progress, finished: true })),
  };
}

export function isSignedBy(account: Hex, digest: Hex, signature: Hex, recover: Recover): boolean {
  try {
    return recover(digest, signature) === account;
  } catch (error) {
    if (error instanceof CodedError) return false;
    throw error;
  }
}
