import { toHalf } from '../../core/half.ts';

/** Different weights that a matrix draws from: enough that no two rows are alike. */
const VALUES = 4096;

/** Weights by the million, the same for the same seed on every machine; not for anything that must be unpredictable. */
export class RandomWeights {
  #state: number;

  constructor(seed: number) {
    this.#state = (seed ^ 0x9e3779b9) >>> 0 || 1;
  }

  /** 32 random bits. */
  next(): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x >>> 0;
    return this.#state;
  }

  bytes(length: number): Uint8Array<ArrayBuffer> {
    const words = new Uint32Array(Math.ceil(length / 4));
    for (let i = 0; i < words.length; i++) words[i] = this.next();
    return new Uint8Array(words.buffer, 0, length);
  }

  /** Floats around `mean`, roughly normal. */
  floats(count: number, deviation: number, mean = 0): Float32Array<ArrayBuffer> {
    const values = Float32Array.from({ length: VALUES }, () => mean + deviation * this.#normal());
    const floats = new Float32Array(count);
    for (let i = 0; i < count; i++) floats[i] = values[this.next() >>> 20]!;
    return floats;
  }

  /** The same as half floats, by their bits. */
  halves(count: number, deviation: number, mean = 0): Uint16Array<ArrayBuffer> {
    const values = Uint16Array.from({ length: VALUES }, () => toHalf(mean + deviation * this.#normal()));
    const halves = new Uint16Array(count);
    for (let i = 0; i < count; i++) halves[i] = values[this.next() >>> 20]!;
    return halves;
  }

  /** A sum of twelve uniforms has the variance 1. */
  #normal(): number {
    let sum = -6;
    for (let i = 0; i < 12; i++) sum += this.next() / 2 ** 32;
    return sum;
  }
}
