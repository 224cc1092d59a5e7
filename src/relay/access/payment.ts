import type { Price } from '../../protocol/wire/job.ts';
import { FREE } from '../../protocol/wire/job.ts';

/**
 * What covers a job: the seam between the stream and the money. A job asks how far it may decode now, and hears when
 * that grew; it never knows who pays, or how.
 */
export interface Payment {
  /** Pinned for the job when it is assigned. */
  readonly price: Price;
  /** Output tokens of the whole job that are covered now; only ever grows. */
  covered(): number;
  /** Calls `run` whenever more is covered. @returns a function that ends it. */
  onCovered(run: () => void): () => void;
  /** What an attempt has earned with its first `tokens` output tokens, in pico: chunks must state it (rule C3). */
  earned(tokens: number): bigint;
}

/** Nobody pays: everything is covered and nothing is earned. */
export const FREE_PAYMENT: Payment = {
  price: FREE,
  covered: () => Number.MAX_SAFE_INTEGER,
  onCovered: () => () => {},
  earned: () => 0n,
};
