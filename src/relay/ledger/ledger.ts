import type { ReceiptStore } from '../receipts/receipt-store.ts';
import type { Operation } from './operation.ts';
import type { ResultsOf } from './result.ts';
import type { LedgerState } from './state.ts';

/**
 * The relay's books: the authority on accepted and owed amounts. Every implementation does what `apply` says, and
 * passes `test/contract/ledger-suite.ts`. Opening one loads it; jobs that ran when the last process ended are still in
 * `state.jobs`, and are the opener's to release (`releasesOf` in job-operations.ts).
 */
export interface Ledger {
  /**
   * What is durable now, live: it changes before the `commit` that changed it resolves, never earlier than the disk.
   * To read only. A decision is made by committing it, not by reading here first.
   */
  readonly state: LedgerState;
  /**
   * Takes operations in order, each for itself: one that is refused does not hold up the others. Resolves when what they
   * changed would survive a power cut. Commits take effect in the order of the calls.
   * @throws CodedError `store_failed`: none of them took effect, and they may be tried again with the same ids;
   *   `store_closed`, `store_busy` (too many are waiting)
   */
  commit<const O extends readonly Operation[]>(operations: O): Promise<ResultsOf<O>>;
  /** Receipts of paid jobs come in with their `finish` or `release`; `put` is for all others. Closing it closes the ledger. */
  readonly receipts: ReceiptStore;
  /** Whatever was committed before is durable when this resolves. */
  close(): Promise<void>;
}
