import { CodedError } from '../../core/errors.ts';
import { CHUNK_TOKENS } from '../../protocol/constants.ts';
import type { Progress } from '../../protocol/money/price.ts';
import type { AttemptRecord } from '../../protocol/money/receipt.ts';
import type { SignedChunk, SignedReceipt } from '../../protocol/wire/job.ts';
import type { Provider } from '../providers/provider.ts';

/**
 * A job's assignment to one provider: the lease rule (L1). It says what of the job the provider holds, how far it may
 * decode, and what it delivered and signed. It lives as long as its provider is heard (`providers/silence.ts`), and a
 * job has at most one that lives.
 */
export interface Lease {
  /** From 0 within the job. */
  readonly number: number;
  readonly provider: Provider;
  /** Position of its first token within the job's output. */
  readonly first: number;
  /** Output tokens that it may give at most. */
  readonly maxTokens: number;
  /** Output tokens that are covered now (rule C6). */
  credit: number;
  /** Ids accepted. */
  count: number;
  /** How many of them chunks cover. */
  signed: number;
  readonly chunks: SignedChunk[];
  receipt: SignedReceipt | null;
  /** How far the job was paid when it began (rule M4). */
  readonly before: Progress;
  readonly assignedAt: number;
  /** When it last brought a new id, or got more credit. */
  progressAt: number;
  /** Why it ended: `finished`, or a code. */
  ended: string | undefined;
}

export interface LeaseTerms extends Pick<Lease, 'number' | 'provider' | 'first' | 'maxTokens' | 'before'> {
  /** Output tokens of the whole job that are covered. */
  readonly covered: number;
  readonly now: number;
}

/** The caller has made sure that no other lease of the job lives. */
export function openLease({ covered, now, ...terms }: LeaseTerms): Lease {
  return {
    ...terms,
    credit: creditOf(terms, covered),
    count: 0,
    signed: 0,
    chunks: [],
    receipt: null,
    assignedAt: now,
    progressAt: now,
    ended: undefined,
  };
}

/** What of a job's cover falls to this lease, in tokens of its own. */
export function creditOf({ first, maxTokens }: Pick<Lease, 'first' | 'maxTokens'>, covered: number): number {
  return Math.max(0, Math.min(maxTokens, covered - first));
}

/**
 * Checks that a lease may bring this many more ids, before any of them counts (rules C1, C6).
 * @throws CodedError `credit_exceeded`, `chunk_invalid`
 */
export function checkDelta({ count, credit, maxTokens, signed }: Lease, more: number): void {
  if (count + more > credit) {
    const data = { credit, maxTokens, tokens: count + more };
    throw new CodedError('credit_exceeded', 'More tokens came than were covered.', data);
  }
  if (signed % CHUNK_TOKENS !== 0) {
    throw new CodedError('chunk_invalid', 'Only the last chunk of an attempt may be short.');
  }
}

/** A lease as the job's receipt lists it (rule R4). */
export function recordOf(lease: Lease): AttemptRecord {
  return {
    lease: lease.number,
    provider: lease.provider.account,
    first: lease.first,
    count: lease.count,
    unsigned: lease.count - lease.signed,
    chunks: lease.chunks,
    receipt: lease.receipt,
    ended: lease.ended ?? 'finished',
  };
}

/** A job's live lease: the last one, until it ended. */
export function liveLease<T extends { readonly ended: string | undefined }>(job: {
  readonly leases: readonly T[];
}): T | undefined {
  const last = job.leases.at(-1);
  return last?.ended === undefined ? last : undefined;
}
