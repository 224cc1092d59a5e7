import type { Random } from '../core/random.ts';
import { threefry2x32 } from '../protocol/wire/sampling-noise.ts';

/** Seeded randomness for simulations: the same seed is the same world. */
export class SimRandom implements Random {
  readonly #seed: number;
  readonly #words = new Uint32Array(2);
  #counter = 0;

  constructor(seed: number) {
    this.#seed = seed;
  }

  bytes(length: number): Uint8Array {
    const out = new Uint8Array(length);
    for (let at = 0; at < length; at += 8) {
      threefry2x32(this.#seed, 0x51e, this.#counter++, 0, this.#words);
      out.set(new Uint8Array(this.#words.buffer).subarray(0, Math.min(8, length - at)), at);
    }
    return out;
  }

  /** A float in [0, 1). */
  unit(): number {
    return new DataView(this.bytes(4).buffer).getUint32(0) / 2 ** 32;
  }

  /** An integer in [from, to). */
  between(from: number, to: number): number {
    return from + Math.floor(this.unit() * (to - from));
  }

  pick<T>(items: readonly T[]): T {
    return items[this.between(0, items.length)] as T;
  }
}
