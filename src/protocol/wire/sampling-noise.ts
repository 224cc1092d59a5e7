/**
 * The sampling noise: one Gumbel variate per (seed, choice, position, token id), the same on every machine.
 *
 * Rule S1 of docs/spec.md. Threefry-2x32 with 20 rounds (Salmon et al., "Parallel random numbers: as easy as
 * 1, 2, 3", SC'11) in 32-bit integer operations, so that TypeScript and WGSL give identical bits. The key is the
 * job's 64-bit seed, the counter is (choice * 2^20 + position, id >> 1), and the lowest bit of the id picks one of
 * the two output words. Position is absolute: the number of tokens before the sampled one.
 */

const PARITY = 0x1bd11bda;

/** Positions and choices share one 32-bit counter word. */
export const POSITION_BITS = 20;

/** A 64-bit seed as its two 32-bit words. */
export interface Seed {
  readonly low: number;
  readonly high: number;
}

/** @param hex `0x` and 16 hex digits, most significant first. */
export function parseSeed(hex: string): Seed {
  return {
    high: Number.parseInt(hex.slice(2, 10), 16) >>> 0,
    low: Number.parseInt(hex.slice(10, 18), 16) >>> 0,
  };
}

/**
 * Threefry-2x32-20; writes the two output words into `out`. Four rounds and a key injection, five times; written out,
 * since it runs for every second entry of the vocabulary at each token and is twice as fast so.
 */
export function threefry2x32(k0: number, k1: number, c0: number, c1: number, out: Uint32Array): void {
  const k2 = k0 ^ k1 ^ PARITY;
  let x = (c0 + k0) | 0;
  let y = (c1 + k1) | 0;
  x = (x + y) | 0;
  y = ((y << 13) | (y >>> 19)) ^ x;
  x = (x + y) | 0;
  y = ((y << 15) | (y >>> 17)) ^ x;
  x = (x + y) | 0;
  y = ((y << 26) | (y >>> 6)) ^ x;
  x = (x + y) | 0;
  y = ((y << 6) | (y >>> 26)) ^ x;
  x = (x + k1) | 0;
  y = (y + k2 + 1) | 0;

  x = (x + y) | 0;
  y = ((y << 17) | (y >>> 15)) ^ x;
  x = (x + y) | 0;
  y = ((y << 29) | (y >>> 3)) ^ x;
  x = (x + y) | 0;
  y = ((y << 16) | (y >>> 16)) ^ x;
  x = (x + y) | 0;
  y = ((y << 24) | (y >>> 8)) ^ x;
  x = (x + k2) | 0;
  y = (y + k0 + 2) | 0;

  x = (x + y) | 0;
  y = ((y << 13) | (y >>> 19)) ^ x;
  x = (x + y) | 0;
  y = ((y << 15) | (y >>> 17)) ^ x;
  x = (x + y) | 0;
  y = ((y << 26) | (y >>> 6)) ^ x;
  x = (x + y) | 0;
  y = ((y << 6) | (y >>> 26)) ^ x;
  x = (x + k0) | 0;
  y = (y + k1 + 3) | 0;

  x = (x + y) | 0;
  y = ((y << 17) | (y >>> 15)) ^ x;
  x = (x + y) | 0;
  y = ((y << 29) | (y >>> 3)) ^ x;
  x = (x + y) | 0;
  y = ((y << 16) | (y >>> 16)) ^ x;
  x = (x + y) | 0;
  y = ((y << 24) | (y >>> 8)) ^ x;
  x = (x + k1) | 0;
  y = (y + k2 + 4) | 0;

  x = (x + y) | 0;
  y = ((y << 13) | (y >>> 19)) ^ x;
  x = (x + y) | 0;
  y = ((y << 15) | (y >>> 17)) ^ x;
  x = (x + y) | 0;
  y = ((y << 26) | (y >>> 6)) ^ x;
  x = (x + y) | 0;
  y = ((y << 6) | (y >>> 26)) ^ x;
  out[0] = x + k2;
  out[1] = y + k0 + 5;
}

/** The 24-bit uniform of a random word as an integer in [1, 2^24 - 1]; divide by 2^24 for a value in (0, 1). */
export function uniform24(word: number): number {
  const bits = word >>> 8;
  return bits === 0 ? 1 : bits;
}

/**
 * Gumbel(0, 1) from a 24-bit uniform. Where u is above one half, -log(u) is a series in 1 - u, which is exact in
 * 24 bits: the plain logarithm's absolute error near 1 (2^-21 allowed in WGSL) would swamp the largest noises.
 */
export function gumbel(uniform: number): number {
  let negativeLog: number;
  if (uniform < 0x800000) {
    negativeLog = -Math.log(uniform / 0x1000000);
  } else {
    const v = (0x1000000 - uniform) / 0x1000000;
    const s = v / (2 - v);
    const q = s * s;
    negativeLog =
      2 *
      s *
      (1 + q * (1 / 3 + q * (1 / 5 + q * (1 / 7 + q * (1 / 9 + q * (1 / 11 + q * (1 / 13 + q / 15)))))));
  }
  return -Math.log(negativeLog);
}

/** Fills `noise[i]` with the Gumbel variate of token id i at `position` (absolute) of `choice`. */
export function fillNoise(noise: Float32Array, seed: Seed, position: number, choice = 0): void {
  const counter = (choice * 2 ** POSITION_BITS + position) >>> 0;
  const words = new Uint32Array(2);
  for (let id = 0; id < noise.length; id += 2) {
    threefry2x32(seed.low, seed.high, counter, id >>> 1, words);
    noise[id] = gumbel(uniform24(words[0] as number));
    if (id + 1 < noise.length) noise[id + 1] = gumbel(uniform24(words[1] as number));
  }
}
