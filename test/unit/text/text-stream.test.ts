import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createStopCutter, createStopScanner } from '../../../src/text/stop-strings.ts';
import { createTextStream } from '../../../src/text/text-stream.ts';
import { createTokenizer } from '../../../src/text/tokenizer.ts';

const folder = new URL('../../../public/models/shakespeare-1m/', import.meta.url);
const json = (name: string): object => JSON.parse(readFileSync(new URL(name, folder), 'utf8'));
const tokenizer = createTokenizer({
  tokenizer: json('tokenizer.json'),
  config: json('tokenizer_config.json'),
});
const anyText = fc.string({ unit: 'grapheme', maxLength: 60 });

describe('text stream', () => {
  it('gives any text back exactly, whatever the division into pieces', () => {
    fc.assert(
      fc.property(anyText, fc.array(fc.integer({ min: 1, max: 7 }), { maxLength: 20 }), (text, sizes) => {
        const stream = createTextStream(tokenizer);
        const ids = tokenizer.encode(text);
        let out = '';
        for (let at = 0, turn = 0; at < ids.length; turn++) {
          const size = sizes[turn] ?? 1;
          out += stream.push(ids.slice(at, at + size));
          at += size;
        }
        expect(out + stream.end()).toBe(text);
      }),
      { numRuns: 300 },
    );
  });

  it('never gives half a character', () => {
    const stream = createTextStream(tokenizer);
    const pieces = tokenizer.encode('naïve 日本 😀').map((id) => stream.push([id]));
    expect(pieces.join('')).not.toContain('\uFFFD');
  });
});

describe('stop strings', () => {
  it('cuts before the earliest stop string, however the text is divided', () => {
    const parts = fc.array(fc.constantFrom('a', 'b', 'ab', '\n', 'ROMEO', ':'), { maxLength: 30 });
    const stops = fc.array(fc.constantFrom('ab', 'b\n', 'ROMEO:', '\n\n'), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(parts, stops, (pieces, stop) => {
        const text = pieces.join('');
        const firsts = stop.map((s) => text.indexOf(s)).filter((at) => at >= 0);
        const cutter = createStopCutter(stop);
        let out = '';
        let hit = false;
        for (const piece of pieces) {
          const step = cutter.push(piece);
          out += step.text;
          hit = step.hit;
          if (hit) break;
        }
        if (!hit) out += cutter.end();
        // A piece may complete a later-starting stop string before an earlier-starting one is complete.
        const ends = stop.filter((s) => text.includes(s)).map((s) => text.indexOf(s) + s.length);
        expect(hit).toBe(firsts.length > 0);
        if (!hit) expect(out).toBe(text);
        else expect(text.startsWith(out) && stop.some((s) => text.startsWith(s, out.length))).toBe(true);
        expect(ends.length > 0).toBe(hit);
      }),
    );
  });

  it('is found across the border of a move', () => {
    const ids = tokenizer.encode('Speak, speak.\n\nROMEO:\nI will.');
    for (let cut = 0; cut < ids.length; cut++) {
      const scan = createStopScanner(tokenizer, ['ROMEO:'], ids.slice(0, cut));
      const alone = createStopScanner(tokenizer, ['ROMEO:']);
      const end = ids.findIndex((id) => alone(id));
      if (cut <= end) expect(ids.slice(cut).findIndex((id) => scan(id)) + cut).toBe(end);
    }
  });
});
