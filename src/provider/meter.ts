import type { Clock } from '../core/clock.ts';

/** Tokens per second over a sliding window, kept in a few buckets instead of a time per token. */
export class Meter {
  readonly #clock: Clock;
  readonly #bucketMs: number;
  readonly #buckets: { at: number; tokens: number }[] = [];
  readonly #windowMs: number;
  #total = 0;

  constructor(clock: Clock, windowMs = 4_000, buckets = 16) {
    this.#clock = clock;
    this.#windowMs = windowMs;
    this.#bucketMs = windowMs / buckets;
  }

  get total(): number {
    return this.#total;
  }

  add(tokens: number): void {
    this.#total += tokens;
    const at = Math.floor(this.#clock.now() / this.#bucketMs) * this.#bucketMs;
    const last = this.#buckets.at(-1);
    if (last?.at === at) last.tokens += tokens;
    else this.#buckets.push({ at, tokens });
    this.#drop();
  }

  /** The rate over the window, or over the time since the first token in it where that is shorter (at least 1 s). */
  rate(): number {
    this.#drop();
    const first = this.#buckets[0];
    if (!first) return 0;
    const tokens = this.#buckets.reduce((sum, bucket) => sum + bucket.tokens, 0);
    const span = Math.min(this.#windowMs, Math.max(1_000, this.#clock.now() - first.at));
    return (tokens * 1_000) / span;
  }

  #drop(): void {
    const oldest = this.#clock.now() - this.#windowMs;
    while (this.#buckets[0] && this.#buckets[0].at <= oldest) this.#buckets.shift();
  }
}
