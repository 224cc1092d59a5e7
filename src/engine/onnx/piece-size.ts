/** While others decode, a prefill piece should not make them wait for longer than this. */
const STALL_MS = 50;

/** With nobody else to wait: how long an abort, a heartbeat or a newcomer may have to. */
const ALONE_MS = 250;

/** Below this a piece takes hardly less time: each pass has its price, and attention has a kernel for 32 and more. */
const LEAST_PIECE = 32;

/**
 * How many prompt tokens to feed at once: a power of two, so that few sizes are compiled, at most what was asked for,
 * and as few as it takes to keep pieces short (but 32).
 */
export class PieceSize {
  readonly #most: number;
  /** Sizes that have run. */
  readonly #known = new Set<number>();
  #msPerToken = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** @param alone nobody else decodes. */
  next(alone: boolean): number {
    if (this.#msPerToken === 0) return this.#most;
    const fits = (alone ? ALONE_MS : STALL_MS) / this.#msPerToken;
    let size = this.#most;
    while (size > fits && size > LEAST_PIECE) size = Math.max(LEAST_PIECE, size >> 1);
    return size;
  }

  /** The first piece of a size may have compiled shaders: it says nothing. */
  add(count: number, ms: number): void {
    if (this.#known.has(count)) this.#msPerToken = ms / count;
    this.#known.add(count);
  }
}
