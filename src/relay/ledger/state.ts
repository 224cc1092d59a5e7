import type { Hex } from '../../core/bytes.ts';
import type { JobTerms, Progress } from '../../protocol/money/price.ts';
import type { Done } from './result.ts';
import type { OperationType } from './operation.ts';

/** How many operations' results are remembered, so that the same id gets the same result; the oldest go first. */
export const REMEMBERED = 8192;

/** What somebody signed: base units, as they stand in the statement. */
export interface SignedAmount {
  readonly cumulative: bigint;
  readonly signature: Hex;
}

/** A close that an agent signed for and the relay has taken on: it is carried out, unless the chain shows that it can't be (rule M15). */
export interface Closing extends SignedAmount {
  /** The number, among those of the relay's account, of the last transaction that was signed for it; null before the first. */
  readonly nonce: number | null;
}

/** One agent's channel. Amounts are pico, and all but `reserved` only grow. */
export interface ChannelRow {
  readonly channel: Hex;
  readonly payer: Hex;
  readonly signer: Hex;
  /** As the chain has them. */
  readonly deposit: bigint;
  readonly settled: bigint;
  /** What the agent signed for: settled <= accepted <= deposit. */
  readonly accepted: bigint;
  /** What its jobs cost so far. */
  readonly spent: bigint;
  /** Held for running jobs. */
  readonly reserved: bigint;
  /** Refunds. */
  readonly credited: bigint;
  /** Of `spent`, the relay's. */
  readonly fees: bigint;
  /** Settled by vouchers that this ledger never saw (it was lost, or is new): used up, by whatever was served for it. */
  readonly carried: bigint;
  /** The last voucher: what to settle with. Null where nothing was accepted by this ledger. */
  readonly voucher: SignedAmount | null;
  /** Of the request that the last voucher came with. */
  readonly bodyHash: Hex | null;
  /** Unix seconds; 0 when no close is pending. */
  readonly closeRequestedAt: number;
  readonly finalized: boolean;
  /** From then on it pays for nothing more, whatever the chain says yet; null where no close was taken. */
  readonly closing: Closing | null;
  /** The block that this was last read at. */
  readonly block: number;
}

/** A running job. What it spent and holds follows from these by `jobSpent` and `jobReserved`. */
export interface JobRow extends Progress {
  readonly job: Hex;
  readonly channel: Hex;
  readonly terms: JobTerms;
  readonly maxTokens: number;
  /** Output tokens of the whole job that are held for: tokens <= covered <= maxTokens. */
  readonly covered: number;
}

/** The batch that a provider's work goes into now. */
export interface OpenBatch {
  /** From 0, by provider. */
  readonly number: number;
  readonly amount: bigint;
  readonly chunks: number;
  /** When its first work came, ms since the epoch; 0 while it is empty. */
  readonly openedAt: number;
}

/** What one provider is owed. Amounts are pico and only grow: accrued now = earned - vested - forfeited. */
export interface ProviderRow {
  readonly provider: Hex;
  /** All that ever accrued. */
  readonly earned: bigint;
  readonly vested: bigint;
  readonly forfeited: bigint;
  /** Paid by vouchers that this ledger never signed (it was lost, or is new). */
  readonly carried: bigint;
  /** As the chain has it: paid <= payout <= vested + carried. */
  readonly paid: bigint;
  readonly batch: OpenBatch;
  /** The last payout voucher; null until the first. */
  readonly payout: SignedAmount | null;
}

/** A closed batch in its holdback: it either vests or is forfeited, and is gone then. */
export interface BatchRow {
  readonly provider: Hex;
  readonly number: number;
  readonly amount: bigint;
  readonly chunks: number;
  readonly openedAt: number;
  readonly closedAt: number;
}

/** Everything that a ledger knows, receipts aside. Rows are never changed in place: a changed row is another object. */
export interface LedgerState {
  /** Pico per base unit of the token that is counted here. */
  readonly unit: bigint;
  readonly channels: ReadonlyMap<Hex, ChannelRow>;
  /** Running ones only. */
  readonly jobs: ReadonlyMap<Hex, JobRow>;
  readonly providers: ReadonlyMap<Hex, ProviderRow>;
  /** Closed batches without a verdict, by `batchKey`. */
  readonly batches: ReadonlyMap<string, BatchRow>;
  /** Results by operation id, the oldest first (`REMEMBERED`). */
  readonly results: ReadonlyMap<string, Done<OperationType>>;
}
