import type { Hex } from '../../core/bytes.ts';
import type { JobTerms, Progress } from '../../protocol/money/price.ts';
import type { AnyReceipt } from '../../protocol/money/embed-job-receipt.ts';

/** Accepted work of one attempt that is to be paid: a signed chunk, or the unsigned rest of an attempt that ended. */
export interface Work {
  readonly kind: 'chunk' | 'tail';
  readonly job: Hex;
  readonly lease: number;
  /** Who delivered it. */
  readonly provider: Hex;
  /** How far the job is paid with it, over all its attempts. */
  readonly progress: Progress;
}

/** How a job ended, for whoever pays. */
export interface JobEnd {
  /** The answer is whole, or the agent's budget ended it: the prompt fee is earned to its end (rule M3). */
  readonly finished: boolean;
  readonly progress: Progress;
  /** Who had it last; undefined where nobody did. */
  readonly provider: Hex | undefined;
  readonly receipt: AnyReceipt;
}

/**
 * What covers a job: the seam between the stream and the money. A job asks how far it may decode now, hears when that
 * grew, and says what was delivered; it never knows who pays, or how.
 */
export interface Payment {
  /** Pinned for the job (rule M2). */
  readonly terms: JobTerms;
  /** Output tokens of the whole job that are covered now; only ever grows. */
  covered(): number;
  /** Calls `run` whenever more is covered. @returns a function that ends it. */
  onCovered(run: () => void): () => void;
  /**
   * Pays for work, in the order of the calls; more is covered only once that is durable (rule M6).
   * @returns what rejects where it could not be made durable; undefined where there is nothing to pay
   */
  pay(work: Work): Promise<void> | undefined;
  /** Little of what is covered is left: whoever pays is asked for more. */
  low?(): void;
  /** Nothing more will ever be covered. */
  isOver?(): boolean;
  /** Called once, last: nothing more is paid. Resolves when all is durable, the receipt included; undefined: keep it yourself. */
  end(end: JobEnd): Promise<void> | undefined;
}

/** Nobody pays: everything is covered and nothing is earned. */
export const FREE_PAYMENT: Payment = {
  terms: { out: 0n, prompt: 0n, promptTokens: 0, feeBps: 0 },
  covered: () => Number.MAX_SAFE_INTEGER,
  onCovered: () => () => {},
  pay: () => undefined,
  end: () => undefined,
};
