import type { Hex } from '../../core/bytes.ts';
import type { Clock } from '../../core/clock.ts';

/** Tells accounts their figures: at once where the last time is long enough ago, else as soon as it is. */
export interface EarningsFeed {
  changed(account: Hex): void;
  forget(account: Hex): void;
}

/** @param ms least time between two tellings of one account */
export function createEarningsFeed(clock: Clock, ms: number, tell: (account: Hex) => void): EarningsFeed {
  const toldAt = new Map<Hex, number>();
  const timers = new Map<Hex, () => void>();

  function now(account: Hex): void {
    timers.delete(account);
    toldAt.set(account, clock.now());
    tell(account);
  }

  return {
    changed(account) {
      if (timers.has(account)) return;
      const wait = (toldAt.get(account) ?? Number.NEGATIVE_INFINITY) + ms - clock.now();
      if (wait <= 0) return now(account);
      timers.set(
        account,
        clock.after(wait, () => now(account)),
      );
    },
    forget(account) {
      timers.get(account)?.();
      timers.delete(account);
      toldAt.delete(account);
    },
  };
}
