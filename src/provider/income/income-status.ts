import type { Earnings, PayoutState, PayoutTerms } from '../../protocol/wire/earnings.ts';

/** A tab's money at its relay, as the page shows it. Amounts are pico in decimal strings; times in ms of this machine. */
export interface IncomeStatus {
  readonly terms: PayoutTerms;
  /** Earned and not vested: the relay's figure, and what this tab signed since. */
  readonly accrued: string;
  /** Vested and not paid. */
  readonly vested: string;
  readonly paid: string;
  readonly forfeited: string;
  readonly batch: { readonly chunks: number; readonly of: number; readonly closesAt: number } | null;
  readonly payout: IncomePayout;
  /** The voucher that this tab keeps: it is worth this much in all, in pico. */
  readonly voucher: { readonly worth: string; readonly keptAt: number } | null;
  /** What the owner trusts the relay with: accrued and vested together. */
  readonly unsecured: string;
  readonly limit: string;
  /** Payments noted in this life of the worker: a list that shows another number is stale. */
  readonly payments: number;
}

export type IncomePayout =
  | Exclude<PayoutState, { name: 'failed' }>
  /** The relay has been asked and has not answered. */
  | { readonly name: 'asked' }
  | {
      readonly name: 'failed';
      readonly code: string;
      readonly message: string;
      readonly retryAt?: number;
    };

/** The relay's payout state on this machine's clock. */
export function localPayout(state: Earnings['payout'], now: number): IncomePayout {
  if (state.name !== 'failed') return state;
  const { retryInMs, ...rest } = state;
  return { ...rest, ...(retryInMs === undefined ? {} : { retryAt: now + retryInMs }) };
}
