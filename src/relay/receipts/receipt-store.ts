import type { Hex } from '../../core/bytes.ts';
import type { AnyReceipt } from '../../protocol/money/embed-job-receipt.ts';

/** Which receipts to list: the newest first, those that ended before `before` (ms since the epoch). */
export interface ReceiptRange {
  readonly limit: number;
  readonly before?: number;
}

/**
 * Receipts of jobs, kept. Every implementation passes `test/contract/receipt-store.ts`.
 */
export interface ReceiptStore {
  /**
   * Resolves once the receipt would survive a power cut (rule R4). A job has one receipt: putting it again changes
   * nothing. @throws CodedError `store_failed`, `store_closed`
   */
  put(receipt: AnyReceipt): Promise<void>;
  get(job: Hex): Promise<AnyReceipt | undefined>;
  list(range: ReceiptRange): Promise<AnyReceipt[]>;
  /** Whatever was put before is durable when this resolves. */
  close(): Promise<void>;
}
