import type { AttemptRef } from '../protocol/wire/job.ts';
import { type AttemptStore, attemptKey } from './attempt-store.ts';

/** Bytes of ended attempts' leaves that stay in memory: some 20,000 tokens. */
const MEMORY = 1024 * 1024;

/**
 * The leaves that may be asked for (rule C4): the newest in memory, all of them in the store until their work vests.
 * It outlives connections, because an audit may come on the next one.
 */
export class LeafBook {
  readonly #store: AttemptStore;
  readonly #limit: number;
  readonly #kept = new Map<string, readonly Uint8Array[]>();
  #bytes = 0;

  constructor(store: AttemptStore, limit = MEMORY) {
    this.#store = store;
    this.#limit = limit;
  }

  keep(ref: AttemptRef, leaves: readonly Uint8Array[]): void {
    this.#forget(attemptKey(ref));
    this.#kept.set(attemptKey(ref), leaves);
    this.#bytes += size(leaves);
    for (const oldest of this.#kept.keys()) {
      if (this.#bytes <= this.#limit) break;
      this.#forget(oldest);
    }
  }

  /** The leaves in order; empty when they are no longer kept. */
  async find(ref: AttemptRef): Promise<readonly Uint8Array[]> {
    return this.#kept.get(attemptKey(ref)) ?? (await this.#store.leaves(ref)) ?? [];
  }

  #forget(key: string): void {
    this.#bytes -= size(this.#kept.get(key) ?? []);
    this.#kept.delete(key);
  }
}

function size(leaves: readonly Uint8Array[]): number {
  return leaves.reduce((sum, leaf) => sum + leaf.length, 0);
}
