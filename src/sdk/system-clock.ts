import type { Clock } from '../core/clock.ts';

/** The timers of whatever runtime this is: every one that has `fetch` has them. */
const timers = globalThis as unknown as {
  setTimeout(run: () => void, ms: number): unknown;
  clearTimeout(timer: unknown): void;
};

/** The default clock of a client. Tests and the simulation hand in their own. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, run) {
    const timer = timers.setTimeout(run, ms);
    return () => timers.clearTimeout(timer);
  },
};
