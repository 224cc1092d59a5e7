import type { Hex } from '../../core/bytes.ts';
import type { Clock } from '../../core/clock.ts';
import type { LedgerState } from '../ledger/state.ts';
import type { PayoutLimits } from './payout-limits.ts';

export interface BatchClockParts {
  readonly state: LedgerState;
  readonly clock: Clock;
  readonly limits: Pick<PayoutLimits, 'batchChunks' | 'batchMs'>;
  /** The open batch of this provider is full or old enough. */
  readonly due: (provider: Hex) => void;
}

const RETRY_MS = 5_000;

/** Says when open batches are to be closed: one timer for each provider that has one. */
export interface BatchClock {
  /** The provider's open batch changed, or may have. */
  look(provider: Hex): void;
  /** The open batch could not be closed: it is due again, a little later. */
  retry(provider: Hex): void;
  /** What is left of the open batch's time. */
  closesInMs(provider: Hex): number | undefined;
  stop(): void;
}

export function createBatchClock({ state, clock, limits, due }: BatchClockParts): BatchClock {
  const timers = new Map<Hex, { readonly batch: number; readonly undo: () => void }>();

  function forget(provider: Hex): void {
    timers.get(provider)?.undo();
    timers.delete(provider);
  }

  function closesInMs(provider: Hex): number | undefined {
    const batch = state.providers.get(provider)?.batch;
    if (!batch || batch.openedAt === 0) return undefined;
    return Math.max(0, batch.openedAt + limits.batchMs - clock.now());
  }

  function arm(provider: Hex, batch: number, wait: number): void {
    forget(provider);
    const undo = clock.after(wait, () => {
      timers.delete(provider);
      due(provider);
    });
    timers.set(provider, { batch, undo });
  }

  return {
    closesInMs,
    look(provider) {
      const batch = state.providers.get(provider)?.batch;
      const wait = closesInMs(provider);
      if (!batch || wait === undefined) return forget(provider);
      if (wait === 0 || batch.chunks >= limits.batchChunks) {
        forget(provider);
        return due(provider);
      }
      if (timers.get(provider)?.batch !== batch.number) arm(provider, batch.number, wait);
    },
    retry: (provider) => arm(provider, -1, RETRY_MS),
    stop() {
      for (const provider of timers.keys()) forget(provider);
    },
  };
}
