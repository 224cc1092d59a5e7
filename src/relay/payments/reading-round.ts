import type { Hex } from '../../core/bytes.ts';
import type { LedgerState } from '../ledger/state.ts';

/** Whose turn it is to be read from the chain, whatever events say: nodes lose some. */
export interface ReadingRound {
  /** Open channels that were never read, and those whose turn it is, a few at a time. @param now ms */
  due(now: number): Hex[];
  wasRead(channel: Hex, now: number): void;
}

/** @param periodMs within which every open channel has its turn @param everyMs between two looks */
export function createReadingRound(
  { channels }: LedgerState,
  periodMs: number,
  everyMs: number,
): ReadingRound {
  /** When each open channel was read, the oldest first. */
  const readAt = new Map<Hex, number>();
  const half = periodMs / 2;

  function* late(now: number): Iterable<Hex> {
    // All were read at the start: their turns spread over the second half of the period.
    let left = Math.ceil((readAt.size * everyMs) / half);
    for (const [channel, at] of readAt) {
      if (left-- <= 0 || now - at < half - everyMs) return;
      yield channel;
    }
  }

  return {
    due(now) {
      const unread = [...channels.values()].filter(
        ({ channel, finalized }) => !finalized && !readAt.has(channel),
      );
      return [...unread.map(({ channel }) => channel), ...late(now)];
    },
    wasRead(channel, now) {
      readAt.delete(channel);
      if (!channels.get(channel)?.finalized) readAt.set(channel, now);
    },
  };
}
