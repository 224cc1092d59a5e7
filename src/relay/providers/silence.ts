import type { Clock } from '../../core/clock.ts';
import type { Timing } from '../../protocol/constants.ts';

/** A timer that comes later than this says that our own process stood still, or that the clock was set. */
const STALL_MS = 100;

/** How long a provider may be silent before it is lost (rule L2); never longer than a lease. */
export function silenceLimit({ lostMs, lostSteps, leaseMs }: Timing, worstStepMs: number): number {
  return Math.min(leaseMs, Math.max(lostMs, lostSteps * worstStepMs));
}

export interface SilenceOptions {
  readonly clock: Clock;
  /** After a stall of our own, a provider has this long to be heard: a heartbeat is due within it. */
  readonly graceMs: number;
  /** Both are read at each check. */
  readonly heardAt: () => number;
  readonly limitMs: () => number;
  readonly lost: (silentMs: number) => void;
}

export interface SilenceWatch {
  /** The limit changed: the next check may be due sooner. */
  rearm(): void;
  stop(): void;
}

/**
 * Calls `lost` once when nothing was heard for longer than the limit. One timer a provider, moved only when it fires:
 * frames cost nothing here. Where this process itself stood still, that is not taken for the provider's silence: the
 * frames of the meantime are waiting to be read.
 */
export function watchSilence({ clock, graceMs, heardAt, limitMs, lost }: SilenceOptions): SilenceWatch {
  let undo = (): void => {};

  function wait(ms: number): void {
    undo();
    const due = clock.now() + ms;
    undo = clock.after(ms, () => check(due));
  }

  function check(due: number): void {
    const now = clock.now();
    const silent = now - heardAt();
    if (silent <= limitMs()) rearm();
    else if (now - due > STALL_MS) wait(graceMs);
    else lost(silent);
  }

  function rearm(): void {
    wait(Math.max(1, heardAt() + limitMs() + 1 - clock.now()));
  }

  rearm();
  return { rearm, stop: () => undo() };
}
