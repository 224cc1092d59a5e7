/** Deposits that were counted already, the newest ones. */
const REMEMBERED = 1_000;

/**
 * A transaction is public, and anybody may show it any number of times: what it did to a channel is looked at once,
 * however many ask, and not again once it was counted.
 */
export interface ShownDeposits {
  /** @param name of what was shown @param look counts it; where it throws, the next one looks again */
  count(name: string, look: () => Promise<unknown>): Promise<void>;
}

export function createShownDeposits(remembered = REMEMBERED): ShownDeposits {
  const running = new Map<string, Promise<void>>();
  const counted = new Set<string>();

  async function lookOnce(name: string, look: () => Promise<unknown>): Promise<void> {
    await look();
    counted.add(name);
    const [oldest] = counted;
    if (counted.size > remembered && oldest !== undefined) counted.delete(oldest);
  }

  return {
    async count(name, look) {
      if (counted.has(name)) return;
      const before = running.get(name);
      if (before) return before;
      const first = lookOnce(name, look).finally(() => running.delete(name));
      running.set(name, first);
      return first;
    },
  };
}
