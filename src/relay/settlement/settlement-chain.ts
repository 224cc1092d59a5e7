import type { Hex } from '../../core/bytes.ts';
import type { ChannelFunds } from '../payments/chain-port.ts';

/** A row of `settleMany`: draws up to `cumulative` base units of a channel. */
export interface ChannelClaim {
  readonly channel: Hex;
  readonly cumulative: bigint;
  readonly signature: Hex;
}

/** A row of `redeem`: pays `cumulative` minus what was paid, in base units. */
export interface PayoutClaim {
  readonly payee: Hex;
  readonly cumulative: bigint;
  readonly signature: Hex;
}

/** A transaction that succeeded and has its confirmations. */
export interface Sent {
  readonly transaction: Hex;
}

/** Which block is asked: the newest one, by which it is decided what to send, or the confirmed one, which is booked. */
export type SettlementAt = 'newest' | 'confirmed';

/**
 * What settlement needs of the chain. Amounts are base units of the one token; the relay's own account sends. A call that
 * sends resolves when it is confirmed; one at a time, and none before the last one is finished. The contracts skip rows that they can't honour, so what a transaction did is
 * read back, never assumed.
 *
 * Every call may throw a `CodedError`: `chain_unreachable`, `transaction_reverted`, …; all of them may be tried again.
 */
export interface SettlementChain {
  /** Wei for a unit of gas now. */
  gasPrice(): Promise<bigint>;
  /** Of the relay's own account. */
  balance(): Promise<bigint>;
  hubBalance(): Promise<bigint>;
  /** What one block has of them, in the order of the channels; `NO_FUNDS` of one that it does not know. */
  fundsOf(channels: readonly Hex[], at: SettlementAt): Promise<readonly ChannelFunds[]>;
  /** Paid so far, in the order of the payees. */
  paidOf(payees: readonly Hex[], at: SettlementAt): Promise<readonly bigint[]>;
  /**
   * Waits for what an earlier call sent and did not see confirmed (`transaction_unconfirmed`, which this may throw too).
   * What came of it is read back.
   */
  finish(): Promise<void>;
  settle(claims: readonly ChannelClaim[]): Promise<Sent>;
  /** Moves from the relay's own account into the hub. */
  fundHub(amount: bigint): Promise<Sent>;
  redeem(claims: readonly PayoutClaim[]): Promise<Sent>;
}

/** Rows of one transaction: below what a block takes, by the gas goals of both contracts. */
export const ROWS = 100;

/** Cuts a list into transactions. */
export function batchesOf<T>(rows: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(rows.length / ROWS) }, (_, i) =>
    rows.slice(i * ROWS, (i + 1) * ROWS),
  );
}
