import type { Clock } from '../../core/clock.ts';

/** A machine that slept has lost this much at least before its clock is set right. */
const LOST_MS = 1_000;
const CHECK_MS = 60_000;

export interface SystemClock extends Clock {
  /** Takes back whatever still waits: a relay that was closed leaves nothing that keeps its process alive. */
  stop(): void;
}

/**
 * The machine's clock, which never runs backwards and is not moved by a clock that is set: silence is measured with
 * it. Time that a sleeping machine missed is added within a minute.
 */
export function createSystemClock(): SystemClock {
  let anchor = Date.now() - performance.now();
  const waiting = new Set<NodeJS.Timeout>();
  const check = setInterval(() => {
    const real = Date.now() - performance.now();
    if (real - anchor > LOST_MS) anchor = real;
  }, CHECK_MS).unref();
  return {
    now: () => Math.round(anchor + performance.now()),
    after(ms, run) {
      const timer = setTimeout(() => {
        waiting.delete(timer);
        run();
      }, ms);
      waiting.add(timer);
      return () => {
        waiting.delete(timer);
        clearTimeout(timer);
      };
    },
    stop() {
      clearInterval(check);
      for (const timer of waiting) clearTimeout(timer);
      waiting.clear();
    },
  };
}
