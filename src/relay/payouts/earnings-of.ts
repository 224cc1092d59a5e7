import type { Hex } from '../../core/bytes.ts';
import type { Earnings, PayoutState } from '../../protocol/wire/earnings.ts';
import { unvestedOf } from '../ledger/amounts.ts';
import type { ProviderRow } from '../ledger/state.ts';

/** A payment that this process made or saw; `amount` in pico, `at` in ms of its clock. */
export interface Payment {
  readonly amount: bigint;
  readonly transaction: Hex;
  readonly at: number;
}

/** What the figures need beside the ledger's row. */
export interface EarningsContext {
  readonly now: number;
  readonly batchChunks: number;
  readonly closesInMs: number | undefined;
  readonly payout: PayoutState;
  readonly lastPaid: Payment | undefined;
}

/** An account's figures as it is told them. */
export function earningsOf(row: ProviderRow, context: EarningsContext): Earnings {
  const { now, batchChunks, closesInMs, payout, lastPaid } = context;
  const { vested, forfeited, carried, paid, batch } = row;
  return {
    accrued: String(unvestedOf(row)),
    vested: String(vested + carried - paid),
    paid: String(paid),
    forfeited: String(forfeited),
    batch: closesInMs === undefined ? null : { chunks: batch.chunks, of: batchChunks, closesInMs },
    payout,
    lastPaid: lastPaid
      ? {
          amount: String(lastPaid.amount),
          transaction: lastPaid.transaction,
          agoMs: Math.max(0, now - lastPaid.at),
        }
      : null,
  };
}
