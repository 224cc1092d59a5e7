import { randomUnit, type Random } from '../core/random.ts';

/** Waits between connection attempts, in ms: doubling from `first` up to `most`. */
export interface BackoffLimits {
  readonly first: number;
  readonly most: number;
}

export const RECONNECT: BackoffLimits = { first: 500, most: 30_000 };

/**
 * The wait before retry number `failures` (from 1). Half of it is random, so that the tabs of a relay that restarted
 * do not all come back in the same instant.
 */
export function backoff(failures: number, random: Random, limits: BackoffLimits = RECONNECT): number {
  const whole = Math.min(limits.most, limits.first * 2 ** (failures - 1));
  return whole / 2 + (randomUnit(random) * whole) / 2;
}
