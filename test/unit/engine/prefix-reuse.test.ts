import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import type { StreamRequest } from '../../../src/engine/engine.ts';
import { DecodeLoop } from '../../../src/engine/onnx/decode-loop.ts';
import { Stream } from '../../../src/engine/onnx/stream.ts';
import { collect, request } from '../../contract/engine-suite.ts';
import { ScriptedDecoder } from './scripted-decoder.ts';

const PIECE = 16;

let decoder: ScriptedDecoder;
let loop: DecodeLoop;

function start(slots: number): void {
  decoder = new ScriptedDecoder();
  loop = new DecodeLoop({ decoder, clock: { now: () => 0 }, slots, piece: PIECE, scoreRows: 4 });
}

function open(change: Partial<StreamRequest>): Stream {
  const stream = new Stream(request({ maxTokens: 1, ...change }), {
    context: 256,
    vocab: 2048,
    changed: () => loop.wake(),
  });
  loop.add(stream);
  return stream;
}

/** What was computed for one stream that runs alone now. */
async function callsOf(change: Partial<StreamRequest>): Promise<string[]> {
  const before = decoder.log.length;
  await collect(open(change));
  return decoder.log.slice(before);
}

const text = (length: number, from = 1): number[] => Array.from({ length }, (_, i) => from + i);
const prefills = (calls: readonly string[]): string[] => calls.filter((call) => call.startsWith('prefill'));

beforeEach(() => start(3));

describe('E1 prefix reuse', () => {
  it('goes on from what an earlier job of the scope left, its output included', async () => {
    const { ids } = await collect(open({ tokens: text(20), scope: 'a', maxTokens: 4 }));
    const calls = await callsOf({ tokens: [...text(20), ...ids, 7, 8, 9], scope: 'a' });
    // The last output token was drawn and never fed.
    expect(calls).toEqual([`prefill 0: ${ids.at(-1)} 7 8`, '9@26']);
    expect(loop.timings()).toMatchObject({ reused: 23, prefilled: 19 + 3 });
  });

  it('feeds only the last token of a prompt that was there before', async () => {
    await collect(open({ tokens: text(20), scope: 'a' }));
    expect(await callsOf({ tokens: text(20), scope: 'a' })).toEqual(['20@19']);
  });

  describe.each([
    ['another scope', 'b'],
    ['no scope', undefined],
  ])('for %s', (_, scope) => {
    const asked = { tokens: text(40), ...(scope ? { scope } : {}) };

    it('computes exactly what it does with an empty cache', async () => {
      const fresh = await callsOf(asked);
      start(3);
      await collect(open({ tokens: text(40), scope: 'a' }));
      await collect(open({ tokens: text(60), scope: 'a' }));
      const calls = await callsOf(asked);
      expect(calls.filter((call) => !call.startsWith('copy'))).toEqual(fresh);
      expect(loop.timings()).toMatchObject({ reused: 40, prefilled: 39 + 19 + 39 });
    });

    it('does nothing that depends on whether somebody asked the same', async () => {
      const callsAfter = async (tokens: readonly number[]): Promise<string[]> => {
        start(3);
        await collect(open({ tokens, scope: 'a' }));
        await collect(open({ tokens, scope: 'c', maxTokens: 5 }));
        return callsOf(asked);
      };
      expect(await callsAfter(asked.tokens)).toEqual(await callsAfter(text(40, 500)));
    });
  });

  it('shows nobody what a job without a scope left', async () => {
    await collect(open({ tokens: text(40) }));
    expect(prefills(await callsOf({ tokens: text(40), scope: 'a' }))).toHaveLength(3);
    await collect(open({ tokens: text(40) }));
    expect(loop.timings().reused).toBe(0);
  });

  it('copies from a stream of the scope that still runs', async () => {
    const running = collect(open({ tokens: text(20), scope: 'a', maxTokens: 9 }));
    decoder.during = () => {
      if (decoder.log.length !== 4) return;
      void collect(open({ tokens: [...text(18), 99, 98], scope: 'a', maxTokens: 1 }));
    };
    await running;
    expect(decoder.log).toContain('copy 0 to 1: 18');
    expect(prefills(decoder.log)).toEqual([
      expect.stringMatching(/^prefill 0/),
      expect.stringMatching(/^prefill 0/),
      'prefill 1: 99',
    ]);
  });

  it('feeds a prompt that several choices share once', async () => {
    await Promise.all(
      [0, 1, 2].map((choice) => collect(open({ tokens: text(50), scope: 'a', choice, maxTokens: 3 }))),
    );
    const { prefilled, reused } = loop.timings();
    expect(prefilled + reused).toBe(3 * 49);
    expect(prefilled).toBeLessThan(49 + 8);
  });

  it('does not let strangers wait for one another’s equal prompts', async () => {
    await Promise.all(['a', 'b'].map((scope) => collect(open({ tokens: text(50), scope }))));
    expect(decoder.log.slice(0, 4).map((call) => call.slice(0, 9))).toEqual([
      'prefill 0',
      'prefill 1',
      'prefill 0',
      'prefill 1',
    ]);
    expect(loop.timings()).toMatchObject({ prefilled: 2 * 49, reused: 0 });
  });

  it('forgets what was used longest ago', async () => {
    for (const scope of ['a', 'b', 'a', 'c', 'd']) await collect(open({ tokens: text(20), scope }));
    const isKnown = async (scope: string): Promise<boolean> => {
      const before = loop.timings().reused;
      await collect(open({ tokens: text(20), scope }));
      return loop.timings().reused > before;
    };
    expect([await isKnown('d'), await isKnown('a'), await isKnown('b')]).toEqual([true, true, false]);
  });

  it('keeps two conversations apart that begin alike', async () => {
    const [one, other] = [
      [...text(20), ...text(10, 50)],
      [...text(20), ...text(10, 70)],
    ];
    await collect(open({ tokens: one, scope: 'a' }));
    await collect(open({ tokens: other, scope: 'a' }));
    expect(loop.timings().reused).toBe(20);
    expect((await callsOf({ tokens: one, scope: 'a' })).join()).toMatch(/59@29$/);
    expect((await callsOf({ tokens: other, scope: 'a' })).join()).toMatch(/79@29$/);
    expect(loop.timings().reused).toBe(20 + 29 + 29);
  });

  it('does not go on from a cache that gave numbers which are not finite', async () => {
    decoder.broken.add(0);
    await expect(collect(open({ tokens: text(20), scope: 'a' }))).rejects.toMatchObject({
      code: 'output_not_finite',
    });
    decoder.broken.clear();
    expect(prefills(await callsOf({ tokens: text(20), scope: 'a' }))).toHaveLength(2);
  });

  it('gives each stream what its own tokens give, whoever else was there', async () => {
    /** Depends on every token before. */
    const answer = (cached: readonly number[]): number =>
      cached.reduce((hash, token) => (hash * 31 + token + 1) % 1009, 7);
    const life = fc.record({
      stem: fc.integer({ min: 0, max: 2 }),
      length: fc.integer({ min: 1, max: 60 }),
      tail: fc.integer({ min: 0, max: 3 }),
      scope: fc.constantFrom('a', 'b', undefined),
      maxTokens: fc.integer({ min: 1, max: 6 }),
      /** Ends after so many calls of the decoder. */
      abortAfter: fc.option(fc.integer({ min: 0, max: 12 }), { freq: 4, nil: undefined }),
      /** Calls of the decoder before it joins. */
      joinsAt: fc.integer({ min: 0, max: 40 }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(life, { maxLength: 14 }),
        fc.integer({ min: 1, max: 4 }),
        async (lives, slots) => {
          start(slots);
          decoder.answer = answer;
          const checks: Promise<void>[] = [];
          const pending = [...lives].sort((a, b) => b.joinsAt - a.joinsAt);
          const aborts: { at: number; abort: AbortController }[] = [];
          const join = ({
            stem,
            length,
            tail,
            scope,
            maxTokens,
            abortAfter,
          }: (typeof lives)[number]): void => {
            const tokens = [...text(length, stem * 100), ...text(tail, 900)];
            const abort = new AbortController();
            if (abortAfter !== undefined) aborts.push({ at: decoder.log.length + abortAfter, abort });
            const stream = open({ tokens, maxTokens, signal: abort.signal, ...(scope ? { scope } : {}) });
            const expected: number[] = [];
            for (let i = 0; i < maxTokens; i++) expected.push(answer([...tokens, ...expected]));
            checks.push(
              collect(stream).then(
                ({ ids }) => expect(ids).toEqual(expected),
                (error: unknown) => expect(error).toMatchObject({ code: 'aborted' }),
              ),
            );
          };
          decoder.during = () => {
            while (pending.length > 0 && pending.at(-1)!.joinsAt <= decoder.log.length) join(pending.pop()!);
            for (const { at, abort } of aborts) if (at <= decoder.log.length) abort.abort();
          };
          while (pending.length > 0) {
            join(pending.pop()!);
            await Promise.all(checks);
          }
          await Promise.all(checks);
          expect(loop.failure).toBeUndefined();
          expect(loop.timings()).toMatchObject({ active: 0, waiting: 0 });
        },
      ),
      { numRuns: 300, seed: 2026 },
    );
  });
});
