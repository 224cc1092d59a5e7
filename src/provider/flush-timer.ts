import type { Clock } from '../core/clock.ts';

/** One timer for the deltas of all attempts: armed when ids wait, never once per token. */
export class FlushTimer {
  readonly #clock: Clock;
  readonly #ms: number;
  readonly #run: () => void;
  #undo: (() => void) | undefined;

  constructor(clock: Clock, ms: number, run: () => void) {
    this.#clock = clock;
    this.#ms = ms;
    this.#run = run;
  }

  arm(): void {
    this.#undo ??= this.#clock.after(this.#ms, () => {
      this.#undo = undefined;
      this.#run();
    });
  }

  clear(): void {
    this.#undo?.();
    this.#undo = undefined;
  }
}
