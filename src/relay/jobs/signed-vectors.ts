import { CodedError } from '../../core/errors.ts';
import { embedDigest, vectorsHash } from '../../protocol/money/embed-statement.ts';
import { attemptTotal, NO_PROGRESS } from '../../protocol/money/price.ts';
import type { Recover } from '../../protocol/money/signature.ts';
import { canonicalJson } from '../../protocol/wire/canonical-json.ts';
import type { EmbedReceipt, SignedEmbedReceipt } from '../../protocol/wire/embed.ts';
import { fromBase64, vectorOf } from '../../protocol/wire/vectors.ts';
import type { EmbedJob, EmbedLease } from './embed-job.ts';
import { isSignedBy } from './signed-work.ts';

/** Whatever a model gives lies far below this: a vector that does not is a fault, or made to break its reader. */
const GREATEST = 1e6;

export interface EmbedResult {
  readonly vectors: string;
  readonly receipt: SignedEmbedReceipt;
}

/**
 * Takes the vectors of a job: as many as were asked for, of the right length, and signed for this attempt and no other
 * (rule V2). @returns their bytes
 * @throws CodedError `vectors_invalid`, `receipt_invalid` (with the field)
 */
export function acceptVectors(
  job: EmbedJob,
  lease: EmbedLease,
  { receipt, vectors }: EmbedResult,
  recover: Recover,
): Uint8Array {
  const bytes = fromBase64(vectors);
  const { inputs, dimensions } = job.order;
  if (bytes.length !== 4 * inputs.length * dimensions) {
    throw new CodedError('vectors_invalid', 'The vectors are not as many, or not as long, as asked for.', {
      bytes: bytes.length,
    });
  }
  if (!vectorOf(bytes).every((value) => Math.abs(value) <= GREATEST))
    throw new CodedError('vectors_invalid', 'The vectors have numbers that are not finite.');
  const wrong = (field: string): CodedError =>
    new CodedError('receipt_invalid', `A receipt does not state its attempt: ${field}.`, { field });
  for (const [field, value] of Object.entries(factsOf(job, lease, bytes))) {
    if (canonicalJson(receipt[field as keyof EmbedReceipt]) !== canonicalJson(value)) throw wrong(field);
  }
  if (!isSignedBy(lease.provider.account, embedDigest(receipt), receipt.signature, recover))
    throw wrong('signature');
  lease.receipt = receipt;
  return bytes;
}

/** All of a receipt that the relay knows by itself; engine, GPU class and times are the provider's own statement. */
function factsOf(job: EmbedJob, lease: EmbedLease, vectors: Uint8Array): Partial<EmbedReceipt> {
  const { order } = job;
  return {
    job: job.id,
    lease: lease.number,
    provider: lease.provider.account,
    model: order.model.ref,
    inputsHash: job.inputsHash,
    inputs: order.inputs.length,
    tokens: job.tokens,
    dimensions: order.dimensions,
    vectorsHash: vectorsHash(vectors),
    nonce: job.nonce,
    total: String(attemptTotal(order.payment.terms, NO_PROGRESS, { ...NO_PROGRESS, finished: true })),
  };
}
