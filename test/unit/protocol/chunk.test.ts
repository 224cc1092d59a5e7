import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHalf, toHalf } from '../../../src/core/half.ts';
import { decodeLeaf, encodeLeaf, firstCommitment, nextCommitment } from '../../../src/protocol/wire/chunk.ts';

const half = fc.integer({ min: 0, max: 0x7bff }).map(fromHalf);
const id = fc.integer({ min: 0, max: 2 ** 24 });
const sample = fc.record({
  id,
  logprob: half,
  topIds: fc.array(id, { minLength: 4, maxLength: 4 }),
  topLogprobs: fc.array(half, { minLength: 4, maxLength: 4 }),
  projection: fc.array(half, { minLength: 8, maxLength: 8 }),
});

describe('half precision', () => {
  it('gives every half back', () => {
    for (let bits = 0; bits < 0x10000; bits++) {
      const value = fromHalf(bits);
      if (Number.isNaN(value)) expect(Number.isNaN(fromHalf(toHalf(value)))).toBe(true);
      else expect(toHalf(value)).toBe(bits);
    }
  });

  it('rounds to the nearest, ties to even', () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, min: -70_000, max: 70_000 }), (value) => {
        const got = fromHalf(toHalf(value));
        if (!Number.isFinite(got)) {
          expect(Math.abs(value)).toBeGreaterThanOrEqual(65_520);
          return;
        }
        const bits = toHalf(value);
        for (const neighbour of [bits - 1, bits + 1].map((b) => fromHalf(b & 0xffff))) {
          if (Number.isFinite(neighbour))
            expect(Math.abs(got - value)).toBeLessThanOrEqual(Math.abs(neighbour - value));
        }
      }),
    );
  });
});

describe('C2 leaves', () => {
  it('come back as they were, 46 bytes a token', () => {
    fc.assert(
      fc.property(fc.array(sample, { minLength: 1, maxLength: 32 }), (samples) => {
        const bytes = encodeLeaf(samples);
        expect(bytes.length).toBe(46 * samples.length);
        expect(decodeLeaf(bytes)).toEqual(samples);
      }),
    );
  });

  it('of a length that no chunk has are refused', () => {
    for (const length of [0, 45, 47, 46 * 33])
      expect(() => decodeLeaf(new Uint8Array(length))).toThrowError(/length/);
  });
});

describe('C3 commitments', () => {
  it('bind job, lease, order and every byte', () => {
    const job = `0x${'11'.repeat(16)}` as const;
    const leaf = new Uint8Array(46).fill(7);
    const other = leaf.map((byte, i) => (i === 45 ? 8 : byte));
    const start = firstCommitment({ job, lease: 0 });
    const chain = (leaves: Uint8Array[], from = start) => leaves.reduce(nextCommitment, from);
    const all = [
      chain([leaf, other]),
      chain([other, leaf]),
      chain([leaf, leaf]),
      chain([leaf, other], firstCommitment({ job, lease: 1 })),
      chain([leaf, other], firstCommitment({ job: `0x${'12'.repeat(16)}`, lease: 0 })),
    ];
    expect(new Set(all).size).toBe(all.length);
  });
});
