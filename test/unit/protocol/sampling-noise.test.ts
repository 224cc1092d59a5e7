import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { projectionSigns } from '../../../src/protocol/wire/projection.ts';
import {
  fillNoise,
  gumbel,
  parseSeed,
  threefry2x32,
  uniform24,
} from '../../../src/protocol/wire/sampling-noise.ts';

interface Vectors {
  threefry: { key: [number, number]; counter: [number, number]; output: [number, number] }[];
  words: Record<string, { uniform: number; gumbel: number }>;
  noise: { seed: string; position: number; choice: number; noise: Record<string, number> }[];
  projectionSigns: number[];
}
const vectors: Vectors = JSON.parse(
  readFileSync(new URL('../../vectors/sampling-noise.json', import.meta.url), 'utf8'),
);

describe('S1 sampling noise', () => {
  it('is Threefry-2x32-20 by the known answers of Random123', () => {
    const out = new Uint32Array(2);
    for (const { key, counter, output } of vectors.threefry) {
      threefry2x32(key[0], key[1], counter[0], counter[1], out);
      expect([...out]).toEqual(output);
    }
  });

  it('turns words into uniforms and Gumbel variates as the vectors say', () => {
    for (const [word, expected] of Object.entries(vectors.words)) {
      const uniform = uniform24(Number(word));
      expect(uniform).toBe(expected.uniform);
      expect(gumbel(uniform)).toBeCloseTo(expected.gumbel, 12);
    }
  });

  it('agrees with the plain formula in double precision for every uniform near one', () => {
    for (let k = 1; k < 5000; k++) {
      const exact = -Math.log(-Math.log1p(-k / 2 ** 24));
      expect(Math.abs(gumbel(2 ** 24 - k) - exact)).toBeLessThan(1e-9);
    }
  });

  it('has the vectors of (seed, position, choice, id)', () => {
    for (const row of vectors.noise) {
      const noise = new Float32Array(2048);
      fillNoise(noise, parseSeed(row.seed), row.position, row.choice);
      for (const [id, value] of Object.entries(row.noise)) expect(noise[Number(id)]).toBe(value);
    }
  });

  it('has the mean and variance of Gumbel(0, 1)', () => {
    const noise = new Float32Array(200_000);
    fillNoise(noise, parseSeed('0x00000000000000ff'), 5);
    const mean = noise.reduce((sum, x) => sum + x, 0) / noise.length;
    const variance = noise.reduce((sum, x) => sum + (x - mean) ** 2, 0) / noise.length;
    expect(mean).toBeCloseTo(0.5772, 1);
    expect(variance).toBeCloseTo(Math.PI ** 2 / 6, 1);
  });
});

describe('S4 projection', () => {
  it('has constant signs', () => {
    expect([...projectionSigns(16)]).toEqual(vectors.projectionSigns);
  });
});
