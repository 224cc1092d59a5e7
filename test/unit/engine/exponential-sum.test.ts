import fc from 'fast-check';
import { expect, it } from 'vitest';
import { exponentialSum } from '../../../src/engine/sampling/exponential-sum.ts';

const sumOf = (logits: Float32Array): number => exponentialSum(logits, Math.max(...logits));

it('is the sum of exponentials, to 11 digits', () => {
  const reach = fc.float({ min: -2000, max: 2000, noNaN: true });
  fc.assert(
    fc.property(
      fc.array(fc.oneof(reach, fc.float({ min: -30, max: 30, noNaN: true })), { minLength: 1 }),
      (values) => {
        const logits = Float32Array.from(values);
        const greatest = Math.max(...logits);
        const expected = logits.reduce((sum, z) => sum + Math.exp(z - greatest), 0);
        expect(Math.abs(exponentialSum(logits, greatest) / expected - 1)).toBeLessThan(1e-11);
      },
    ),
    { seed: 2026 },
  );
});

it('knows the ends of its table', () => {
  expect(sumOf(Float32Array.of(0))).toBe(1);
  expect(sumOf(Float32Array.of(0, -744, -746, -1e30, -3.4e38))).toBeCloseTo(1, 12);
  expect(sumOf(Float32Array.of(5, 5, 5, 5))).toBe(4);
});
