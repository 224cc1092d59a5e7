import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseBatch, padBatch } from '../../../src/engine/onnx/padded-batch.ts';

describe('the inputs of one pass', () => {
  it('begin with the one that waits longest, stay within the tokens, and waste at most half on padding', () => {
    const lengths = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 80 });
    fc.assert(
      fc.property(lengths, fc.integer({ min: 1, max: 600 }), (all, tokens) => {
        const chosen = chooseBatch(all, tokens);
        expect(chosen[0]).toBe(0);
        expect(chosen).toEqual([...new Set(chosen)].sort((a, b) => a - b));
        const rows = chosen.map((index) => all[index]!);
        const longest = Math.max(...rows);
        if (rows.length > 1) expect(longest * rows.length).toBeLessThanOrEqual(tokens);
        expect(Math.min(...rows) * 2).toBeGreaterThanOrEqual(longest);
      }),
    );
  });

  it('take those of like length first, whatever came in between', () => {
    expect(chooseBatch([10, 100, 11, 9, 50, 10], 40)).toEqual([0, 2, 5]);
    expect(chooseBatch([10, 100, 11, 9, 50, 10], 44)).toEqual([0, 2, 3, 5]);
  });

  it('serve every input in the end, however they are mixed', () => {
    let waiting = Array.from({ length: 200 }, (_, i) => 1 + ((i * 7919) % 400));
    let passes = 0;
    for (; waiting.length > 0; passes++) {
      const chosen = new Set(chooseBatch(waiting, 512));
      waiting = waiting.filter((_, index) => !chosen.has(index));
    }
    expect(passes).toBeLessThan(200);
  });

  it('are padded on the right, and the mask says with what', () => {
    const { rows, width, ids, mask } = padBatch([[5], [7, 8, 9]]);
    expect([rows, width]).toEqual([2, 3]);
    const words = (array: Int32Array): number[] =>
      [...new BigInt64Array(array.buffer as ArrayBuffer)].map(Number);
    expect(words(ids)).toEqual([5, 0, 0, 7, 8, 9]);
    expect(words(mask)).toEqual([1, 0, 0, 1, 1, 1]);
  });
});
