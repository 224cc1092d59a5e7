/** Steps from which a cost is known. */
const KNOWN = 5;
/** A step moves what is expected by at most this share of the way, and by so much: down fast, up slowly. */
const RATE = 1 / 16;
const [MOST_DOWN, MOST_UP] = [0.3, 0.1];
const LEAST_SPREAD = 0.05;

/**
 * What steps of one kind, size and length take on this GPU while nobody else uses it: a level and how far single steps
 * stray from it, both of the logarithm, because what disturbs a step multiplies it.
 */
export class StepCost {
  readonly #first: number[] = [];
  #level = 0;
  #spread = 0;
  #best = Number.POSITIVE_INFINITY;

  get known(): boolean {
    return this.#first.length === KNOWN;
  }

  /** Logarithm of the expected ms. */
  get level(): number {
    return this.#level;
  }

  /** How far steps stray from the level, on average. */
  get spread(): number {
    return this.#spread;
  }

  /** How many times longer such steps take now than they did at best. */
  get drift(): number {
    return this.known ? Math.exp(this.#level - this.#best) : 1;
  }

  learn(ms: number): void {
    const log = Math.log(ms);
    if (!this.known) return this.#begin(log);
    const off = log - this.#level;
    this.#level += RATE * Math.max(-MOST_DOWN, Math.min(MOST_UP, off));
    this.#spread += RATE * (Math.max(LEAST_SPREAD, Math.min(1, Math.abs(off))) - this.#spread);
    this.#best = Math.min(this.#best, this.#level);
  }

  #begin(log: number): void {
    this.#first.push(log);
    if (!this.known) return;
    const sorted = this.#first.toSorted((a, b) => a - b);
    this.#level = sorted[KNOWN >> 1]!;
    this.#best = this.#level;
    const off = sorted.reduce((sum, other) => sum + Math.abs(other - this.#level), 0);
    this.#spread = Math.max(2 * LEAST_SPREAD, off / KNOWN);
  }
}
