import type { Hex } from '../../core/bytes.ts';
import type { Clock } from '../../core/clock.ts';
import type { ChainPort, ChannelChange } from './chain-port.ts';
import { askAgain } from './asking.ts';

/** Blocks that are read again with each new one: no deeper reorganisation is noticed at once. */
const WINDOW = 64;

/** What the last blocks say of channels, compared with what they said before. */
export interface ChangeLog {
  /**
   * Channels to look at: something happened to them, is confirmed now, or is gone: a reorganisation took it back, or put
   * it into another block. @param newest may be older than the last one, where nodes differ: what came after it is news again @throws CodedError those of the chain
   */
  upTo(newest: number): Promise<ReadonlySet<Hex>>;
}

export function createChangeLog(
  chain: Pick<ChainPort, 'changes'>,
  clock: Clock,
  confirmations: number,
): ChangeLog {
  let known: ReadonlyMap<string, ChannelChange> = new Map();
  /** Up to where changes were read. */
  let seen: number | undefined;

  return {
    async upTo(newest) {
      if (newest === seen) return new Set();
      const last = Math.min(seen ?? newest, newest);
      const from = Math.max(0, last + 1 - WINDOW);
      const changes = await askAgain(clock, () => chain.changes(from, newest));
      const now = new Map(changes.map((change) => [change.mark, change]));
      const isNews = ({ block, mark }: ChannelChange): boolean =>
        !known.has(mark) || block > last - (confirmations - 1);
      const gone = [...known.values()].filter(({ block, mark }) => block >= from && !now.has(mark));
      const news = [...changes.filter(isNews), ...gone];
      known = now;
      seen = newest;
      return new Set(news.map(({ channel }) => channel));
    },
  };
}
