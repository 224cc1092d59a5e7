import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createOutput } from '../../../src/relay/jobs/output.ts';
import { createStopScanner } from '../../../src/text/stop-strings.ts';
import { BYTE_MODEL, bytes } from './support/byte-model.ts';

const parts = fc.array(fc.constantFrom('a', 'b', 'ab', '\n', 'é', 'è', '日', '本', '😀', '😁'), {
  maxLength: 14,
});
const stops = fc.array(fc.constantFrom('ab', 'aab', 'b\n', 'é', '日本', 'a😀', '😀😁', '本\n\n'), {
  minLength: 1,
  maxLength: 4,
});
const sizes = fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 60 });

/** Where the stop string that is complete first begins and ends; undefined where none comes. */
function firstStop(text: string, stop: readonly string[]): { from: number; to: number } | undefined {
  for (let to = 1; to <= text.length; to++) {
    const ends = stop.filter((string) => text.slice(0, to).endsWith(string));
    if (ends.length > 0) return { from: to - Math.max(...ends.map(({ length }) => length)), to };
  }
  return undefined;
}

describe('A2 a stop string', () => {
  it('is cut off wherever tokens, deltas and characters divide it, and the provider ends at the same token', () => {
    let found = 0;
    fc.assert(
      fc.property(parts, stops, sizes, (pieces, stop, cuts) => {
        const text = pieces.join('');
        const ids = bytes(text);
        const expected = firstStop(text, stop);
        const output = createOutput(BYTE_MODEL, stop);
        let given = '';
        for (let at = 0, turn = 0; at < ids.length; turn++) {
          const more = ids.slice(at, at + (cuts[turn] ?? 1));
          at += more.length;
          given += output.append(more);
        }
        given += output.rest();
        const scan = createStopScanner(BYTE_MODEL.tokenizer, stop);
        const end = ids.findIndex((id) => scan(id));
        if (!expected) {
          expect([given, output.stopped, end]).toEqual([text, false, -1]);
          return;
        }
        found++;
        expect(output.stopped).toBe(true);
        expect(given).toBe(text.slice(0, expected.from));
        // What came after the end was not taken, and the provider does not send it.
        expect(output.ids).toHaveLength(bytes(text.slice(0, expected.to)).length);
        expect(end).toBe(output.ids.length - 1);
      }),
      { numRuns: 600 },
    );
    expect(found).toBeGreaterThan(100);
  });
});
