import type { Clock } from '../../core/clock.ts';

/** Speed is that of the last seconds: long enough not to jump, short enough to tell of a change. */
const WINDOW_MS = 8_000;
const STEP_MS = 250;

/** How fast bytes come in. */
export class TransferMeter {
  readonly #clock: Pick<Clock, 'now'>;
  /** Sums of bytes at moments, oldest first; the first is at most the window's age. */
  #marks: { at: number; sum: number }[] = [];
  #sum = 0;

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
    this.#mark();
  }

  count(bytes: number): void {
    this.#sum += bytes;
    const last = this.#marks.at(-1);
    if (!last || this.#clock.now() - last.at >= STEP_MS) this.#mark();
  }

  /** Bytes per second; 0 while nothing is known. */
  rate(): number {
    const now = this.#clock.now();
    const first = this.#marks.find(({ at }) => now - at <= WINDOW_MS);
    if (!first || now - first.at < STEP_MS) return 0;
    return ((this.#sum - first.sum) * 1_000) / (now - first.at);
  }

  /** The time that `bytes` more will take, in ms; undefined while nothing comes. */
  timeFor(bytes: number): number | undefined {
    const rate = this.rate();
    return rate > 0 ? (bytes * 1_000) / rate : undefined;
  }

  #mark(): void {
    const now = this.#clock.now();
    this.#marks = this.#marks.filter(({ at }) => now - at <= WINDOW_MS);
    this.#marks.push({ at: now, sum: this.#sum });
  }
}
