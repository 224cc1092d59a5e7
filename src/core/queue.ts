import { CodedError } from './errors.ts';

/**
 * A bounded queue between one writer and one reader. `push` never waits: a full queue is an error of whoever
 * failed to apply back-pressure, and says so, instead of growing without end.
 */
export class Queue<T> implements AsyncIterable<T> {
  readonly #items: T[] = [];
  readonly #limit: number;
  #wake: (() => void) | undefined;
  #ended = false;
  #error: unknown;

  constructor(limit = 1024) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#items.length;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** @throws CodedError `queue_full` */
  push(item: T): void {
    if (this.#ended) return;
    if (this.#items.length >= this.#limit) {
      throw new CodedError('queue_full', 'A queue passed its bound.', { limit: this.#limit });
    }
    this.#items.push(item);
    this.#wake?.();
  }

  /** What was pushed before is still read; then the reader ends, or throws `error` where one is given. */
  end(error?: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, void> {
    for (;;) {
      while (this.#items.length > 0) yield this.#items.shift() as T;
      if (this.#ended) {
        if (this.#error !== undefined) throw this.#error;
        return;
      }
      await new Promise<void>((resolve) => (this.#wake = resolve));
      this.#wake = undefined;
    }
  }
}
