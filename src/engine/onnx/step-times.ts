import type { Stopwatch } from './decoder.ts';

const MEAN_OF = 32;
const SPAN_MS = 5_000;
const SPANS = 6;

/** How long steps took: the mean of the last ones, and the worst of the last half minute. */
export class StepTimes {
  readonly #clock: Stopwatch;
  readonly #last = new Float64Array(MEAN_OF);
  #count = 0;
  /** Worst of each span of time, by the span's number. */
  readonly #worst = new Float64Array(SPANS);
  #span = 0;

  constructor(clock: Stopwatch) {
    this.#clock = clock;
  }

  /** @param decode false for a prefill piece: it counts as a stall, not in the mean. */
  add(ms: number, decode: boolean): void {
    if (decode) this.#last[this.#count++ % MEAN_OF] = ms;
    this.#turn();
    const at = this.#span % SPANS;
    this.#worst[at] = Math.max(this.#worst[at]!, ms);
  }

  get mean(): number {
    const count = Math.min(this.#count, MEAN_OF);
    return count === 0 ? 0 : this.#last.reduce((sum, ms) => sum + ms, 0) / count;
  }

  get worst(): number {
    this.#turn();
    return Math.max(...this.#worst);
  }

  #turn(): void {
    const span = Math.floor(this.#clock.now() / SPAN_MS);
    if (span - this.#span >= SPANS) this.#worst.fill(0);
    else for (let i = this.#span + 1; i <= span; i++) this.#worst[i % SPANS] = 0;
    this.#span = span;
  }
}
