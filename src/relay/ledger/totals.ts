import { unvestedOf } from './amounts.ts';
import type { LedgerState } from './state.ts';

/** The whole ledger in pico: spent = unvested + vested + forfeited + fees (rule M8). */
export interface Totals {
  /** What agents' jobs cost. */
  readonly spent: bigint;
  /** Held for running jobs. */
  readonly reserved: bigint;
  /** Providers' shares that have not vested. */
  readonly unvested: bigint;
  readonly vested: bigint;
  /** What providers lost to their holdback; the relay's. */
  readonly forfeited: bigint;
  readonly fees: bigint;
  /** Refunds: at the relay's expense. */
  readonly credited: bigint;
  /** Of `vested`, what no payout voucher covers: less than a base unit each, once every voucher is up to date. */
  readonly remainder: bigint;
}

export function totalsOf({ unit, channels, providers }: LedgerState): Totals {
  const agents = [...channels.values()];
  const tabs = [...providers.values()];
  return {
    spent: sum(agents, ({ spent }) => spent),
    reserved: sum(agents, ({ reserved }) => reserved),
    unvested: sum(tabs, unvestedOf),
    vested: sum(tabs, ({ vested }) => vested),
    forfeited: sum(tabs, ({ forfeited }) => forfeited),
    fees: sum(agents, ({ fees }) => fees),
    credited: sum(agents, ({ credited }) => credited),
    remainder: sum(
      tabs,
      ({ vested, carried, payout }) => vested + carried - (payout?.cumulative ?? 0n) * unit,
    ),
  };
}

function sum<Row>(rows: readonly Row[], amountOf: (row: Row) => bigint): bigint {
  return rows.reduce((total, row) => total + amountOf(row), 0n);
}
