import type { Clock } from '../core/clock.ts';
import { Meter } from './meter.ts';

/** Counts of this lending session, over all its connections. */
export class Tally {
  readonly #meter: Meter;
  #finished = 0;
  #unfinished = 0;
  #vectors = 0;

  constructor(clock: Clock) {
    this.#meter = new Meter(clock);
  }

  get tokens(): number {
    return this.#meter.total;
  }

  get tokensPerSecond(): number {
    return this.#meter.rate();
  }

  /** Attempts that ended with a receipt. */
  get finished(): number {
    return this.#finished;
  }

  /** Attempts that were handed back, cancelled or lost. */
  get unfinished(): number {
    return this.#unfinished;
  }

  /** Vectors that were made. */
  get vectors(): number {
    return this.#vectors;
  }

  /** @param tokens of their inputs, which count as work like any */
  embedded(vectors: number, tokens: number): void {
    this.#vectors += vectors;
    this.#meter.add(tokens);
  }

  decoded(tokens: number): void {
    this.#meter.add(tokens);
  }

  ended(finished: boolean): void {
    if (finished) this.#finished++;
    else this.#unfinished++;
  }
}
