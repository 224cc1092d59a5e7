/** When work vests and when it is paid (rule M7). Times in ms, amounts in pico. */
export interface PayoutLimits {
  /** A batch closes with this many chunks, or this long after its first. */
  readonly batchChunks: number;
  readonly batchMs: number;
  /** A payout may be asked for from this amount on; below it the gas would be too large a part. */
  readonly minimum: bigint;
  /** From this amount on a payout comes by itself. */
  readonly threshold: bigint;
  /** And from `minimum` on it comes at least this often. */
  readonly sweepMs: number;
  /** A channel is settled by itself when more than this was used and not drawn. */
  readonly settleThreshold: bigint;
  /** And more than 50 times what its gas costs, where somebody says what a whole coin of gas is worth: so many pico. */
  readonly gasCoinPrice?: bigint;
  /** An account hears of its figures at most this often. */
  readonly earningsMs: number;
}

const CENT = 10n ** 10n;

export const DEFAULT_PAYOUT_LIMITS: PayoutLimits = {
  batchChunks: 64,
  batchMs: 60_000,
  minimum: 3n * CENT,
  threshold: 100n * CENT,
  sweepMs: 24 * 60 * 60_000,
  settleThreshold: 100n * CENT,
  earningsMs: 1_000,
};

/** For a network on one machine, where gas costs nothing: everything within seconds. */
export const DEMO_PAYOUT_LIMITS: PayoutLimits = {
  ...DEFAULT_PAYOUT_LIMITS,
  batchChunks: 8,
  batchMs: 5_000,
  minimum: 1n,
  threshold: 1n,
  sweepMs: 60_000,
};
