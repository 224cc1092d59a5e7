/** What every engine must do (src/engine/engine.ts), as tests that run in Node and in a browser. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plainSpec } from '../../src/protocol/wire/decode-spec.ts';
import { EPSILON } from '../../src/protocol/constants.ts';
import type { Engine, EngineStream, StreamEnd, StreamRequest } from '../../src/engine/engine.ts';
import { PROJECTION_WIDTH } from '../../src/protocol/wire/projection.ts';
import { type Sample, TOP_COUNT } from '../../src/protocol/wire/sample.ts';

/** "CITIZEN:\nGood morrow, sir." in ids of the bundled tokenizer; 0 begins a text. */
export const PROMPT = [0, 68, 74, 85, 74, 91, 350, 59, 11, 1265, 262, 781, 45];

export interface EngineSuite {
  /** Makes an engine with two slots and a context of at most 1,024 tokens. */
  readonly create: () => Promise<Engine>;
  /** Tokens that a longer stream has: fewer where a step takes a fifth of a second. */
  readonly length: number;
  readonly timeout?: number;
}

export interface Output {
  readonly ids: number[];
  readonly samples: Sample[];
  readonly end: StreamEnd | undefined;
}

export function request(change: Partial<StreamRequest> = {}): StreamRequest {
  const spec = plainSpec(0.8);
  return { tokens: PROMPT, spec, seed: '0x0123456789abcdef', maxTokens: 4, stopIds: [], ...change };
}

/** Reads a stream to its end. */
export async function collect(stream: EngineStream): Promise<Output> {
  const samples: Sample[] = [];
  const iterator = stream[Symbol.asyncIterator]();
  for (;;) {
    const { done, value } = await iterator.next();
    if (done) return { ids: samples.map(({ id }) => id), samples, end: value };
    samples.push(value);
  }
}

/** Expects the same ids, up to the first position at which a difference is legitimate. */
export function expectSameTokens(actual: Output, expected: Output, epsilon = EPSILON): void {
  const at = actual.ids.findIndex((id, i) => id !== expected.ids[i]);
  if (at >= 0 && (expected.samples[at]?.margin ?? Number.POSITIVE_INFINITY) < epsilon) return;
  expect(actual.ids).toEqual(expected.ids);
  expect(actual.end).toBe(expected.end);
}

async function nextOf(iterator: AsyncIterator<Sample, StreamEnd | undefined>): Promise<Sample> {
  const { done, value } = await iterator.next();
  if (done) throw new Error('The stream ended early.');
  return value;
}

export function describeEngine(name: string, { create, length, timeout = 20_000 }: EngineSuite): void {
  describe(`${name} engine`, { timeout }, () => {
    let engine: Engine;
    let whole: Output;

    beforeAll(async () => {
      engine = await create();
      whole = await collect(engine.open(request({ maxTokens: length })));
    }, timeout);
    afterAll(() => engine.close());

    it('gives as many tokens as asked for, and says that it stopped for the length', () => {
      expect(whole.ids).toHaveLength(length);
      expect(whole.end).toBe('length');
      expect(whole.ids.every((id) => id >= 0 && id < engine.capabilities.vocab)).toBe(true);
    });

    it('states with each token what a leaf commits to', () => {
      for (const { id, logprob, topIds, topLogprobs, projection, margin } of whole.samples) {
        expect(topIds).toHaveLength(TOP_COUNT);
        expect(new Set(topIds).size).toBe(TOP_COUNT);
        expect(topLogprobs).toEqual([...topLogprobs].sort((a, b) => b - a));
        expect(topLogprobs.reduce((sum, logprob) => sum + Math.exp(logprob), 0)).toBeLessThanOrEqual(1.0001);
        if (topIds.includes(id)) expect(logprob).toBeCloseTo(topLogprobs[topIds.indexOf(id)]!, 5);
        else expect(logprob).toBeLessThanOrEqual(topLogprobs[TOP_COUNT - 1]!);
        expect(projection).toHaveLength(PROJECTION_WIDTH);
        expect(projection.every((value) => Number.isFinite(value))).toBe(true);
        expect(margin).toBeGreaterThanOrEqual(0);
      }
    });

    it('S1 gives the same tokens for the same seed and others for another', async () => {
      const again = engine.open(request({ maxTokens: length }));
      const other = engine.open(request({ maxTokens: length, seed: '0xfedcba9876543210' }));
      const [same, different] = await Promise.all([collect(again), collect(other)]);
      expectSameTokens(same, whole);
      expect(different.ids).not.toEqual(whole.ids);
    });

    it('S1 gives another choice of the same seed other tokens', async () => {
      const { ids } = await collect(engine.open(request({ maxTokens: length, choice: 1 })));
      expect(ids).not.toEqual(whole.ids);
    });

    it('S2 takes the likeliest token at temperature 0', async () => {
      const greedy = await collect(engine.open(request({ spec: plainSpec(0) })));
      for (const { id, topIds, topLogprobs, margin } of greedy.samples) {
        expect(id).toBe(topIds[0]);
        expect(margin).toBeCloseTo(topLogprobs[0]! - topLogprobs[1]!, 4);
      }
    });

    it('L3 goes on from what was delivered as if nothing had happened', async () => {
      const at = length >> 1;
      const tokens = [...PROMPT, ...whole.ids.slice(0, at)];
      const rest = await collect(engine.open(request({ tokens, maxTokens: length - at })));
      expectSameTokens(rest, { ids: whole.ids.slice(at), samples: whole.samples.slice(at), end: 'length' });
    });

    it('runs a prompt of one token', async () => {
      const { ids, end } = await collect(engine.open(request({ tokens: [0], maxTokens: 2 })));
      expect(ids).toHaveLength(2);
      expect(end).toBe('length');
    });

    it('stops after a stop id, which it still gives', async () => {
      const stop = whole.ids[2]!;
      const { ids, end } = await collect(engine.open(request({ maxTokens: length, stopIds: [5, stop] })));
      expect(ids).toEqual(whole.ids.slice(0, whole.ids.indexOf(stop) + 1));
      expect(end).toBe('stop');
    });

    it('stops after the token for which `stopWhen` says so, asking in order', async () => {
      const asked: number[] = [];
      const stopWhen = (id: number): boolean => asked.push(id) === 2;
      const { ids, end } = await collect(engine.open(request({ maxTokens: length, stopWhen })));
      expect(ids).toEqual(whole.ids.slice(0, 2));
      expect(asked).toEqual(ids);
      expect(end).toBe('stop');
    });

    it('hands a failing `stopWhen` to whoever reads that stream', async () => {
      const stopWhen = (): boolean => {
        throw new Error('stop strings broke');
      };
      await expect(collect(engine.open(request({ stopWhen })))).rejects.toThrow('stop strings broke');
    });

    it('C6 decodes nothing beyond its credit, and goes on when it gets more', async () => {
      const stream = engine.open(request({ maxTokens: length, credit: 2 }));
      const reading = collect(stream);
      const companion = await collect(engine.open(request({ maxTokens: length })));
      expectSameTokens(companion, whole);
      const before = engine.timings().tokens;
      stream.grant(1);
      expectSameTokens(await collect(engine.open(request({ maxTokens: 2 }))), {
        ...whole,
        ids: whole.ids.slice(0, 2),
      });
      expect(engine.timings().tokens).toBe(before + 2);
      stream.grant(length);
      expectSameTokens(await reading, whole);
    });

    it('gives nothing without credit', async () => {
      const stream = engine.open(request({ credit: 0 }));
      const reading = collect(stream);
      await collect(engine.open(request({ maxTokens: 2 })));
      expect(engine.timings().active).toBe(1);
      stream.grant(1);
      stream.grant(4);
      expect((await reading).ids).toEqual(whole.ids.slice(0, 4));
    });

    it('keeps those that find no slot waiting, and serves all', async () => {
      const streams = Array.from({ length: 5 }, () => engine.open(request({ maxTokens: 2 })));
      expect(engine.timings().active + engine.timings().waiting).toBe(5);
      for (const output of await Promise.all(streams.map(collect)))
        expect(output.ids).toEqual(whole.ids.slice(0, 2));
      expect(engine.timings()).toMatchObject({ active: 0, waiting: 0 });
    });

    it('frees the slot of a stream that is aborted', async () => {
      const abort = new AbortController();
      const stalled = [0, 0].map((credit) => engine.open(request({ credit, signal: abort.signal })));
      const readings = stalled.map((stream) =>
        expect(collect(stream)).rejects.toMatchObject({ code: 'aborted' }),
      );
      const next = collect(engine.open(request({ maxTokens: 2 })));
      abort.abort();
      await Promise.all(readings);
      expect((await next).ids).toEqual(whole.ids.slice(0, 2));
    });

    it('drops a stream that is aborted while it decodes or waits', async () => {
      const abort = new AbortController();
      const [running, , waiting] = [0, 1, 2].map(() =>
        engine.open(request({ maxTokens: 500, signal: abort.signal }))[Symbol.asyncIterator](),
      );
      await nextOf(running!);
      abort.abort();
      await expect(nextOf(waiting!)).rejects.toMatchObject({ code: 'aborted' });
      expectSameTokens(await collect(engine.open(request({ maxTokens: length }))), whole);
    });

    it('refuses a stream whose signal was aborted before', async () => {
      await expect(collect(engine.open(request({ signal: AbortSignal.abort() })))).rejects.toMatchObject({
        code: 'aborted',
      });
    });

    it('frees the slot of a stream that is no longer read', async () => {
      for (let i = 0; i < 3; i++) {
        for await (const { id } of engine.open(request({ maxTokens: 500 }))) {
          expect(id).toBe(whole.ids[0]);
          break;
        }
      }
      expect((await collect(engine.open(request({ maxTokens: 2 })))).ids).toEqual(whole.ids.slice(0, 2));
      expect(engine.timings()).toMatchObject({ active: 0, waiting: 0 });
    });

    it('ends with the context, which is never exceeded', async () => {
      const { context } = engine.capabilities;
      const tokens = Array.from({ length: context - 2 }, (_, i) => PROMPT[i % PROMPT.length]!);
      const { ids, end } = await collect(engine.open(request({ tokens, maxTokens: 100 })));
      expect(ids).toHaveLength(2);
      expect(end).toBe('length');
      expect(() => engine.open(request({ tokens: [...tokens, 1, 1] }))).toThrow(
        expect.objectContaining({ code: 'context_exceeded', data: { tokens: context, context } }),
      );
    });

    it.each<[string, Partial<StreamRequest>]>([
      ['prompt_empty', { tokens: [] }],
      ['token_invalid', { tokens: [0, -1] }],
      ['token_invalid', { tokens: [0, 1 << 24] }],
      ['token_invalid', { tokens: [0.5] }],
      ['request_invalid', { maxTokens: 0 }],
      ['request_invalid', { maxTokens: -1 }],
      ['request_invalid', { maxTokens: Number.NaN }],
      ['request_invalid', { credit: -1 }],
      ['request_invalid', { choice: 1 << 20 }],
      ['request_invalid', { seed: 'abc' }],
      ['request_invalid', { outputStart: 0 }],
      ['request_invalid', { outputStart: PROMPT.length + 1 }],
      ['request_invalid', { topLogprobs: 21 }],
      ['decode_spec_unsupported', { spec: { ...plainSpec(1), version: 3 as never } }],
      ['decode_spec_unsupported', { spec: plainSpec(Number.NaN) }],
      ['decode_spec_unsupported', { spec: { ...plainSpec(1), topA: 0.5 } as never }],
      ['decode_spec_unsupported', { spec: { ...plainSpec(1), topP: 0 } }],
      [
        'decode_spec_unsupported',
        {
          spec: {
            ...plainSpec(1),
            logitBias: [
              [2, 1],
              [2, 1],
            ],
          },
        },
      ],
      ['decode_spec_unsupported', { spec: { ...plainSpec(1), constraint: { kind: 'json_object' } } }],
    ])('refuses a bad request at once: %s %j', (code, change) => {
      expect(() => engine.open(request(change))).toThrow(expect.objectContaining({ code }));
    });

    it('E1 goes on from what a job of the same scope left, and gives the same tokens', async () => {
      const scope = '0x0123456789abcdef0123456789abcdef';
      const prefilled = (): number => engine.timings().prefilled;
      await collect(engine.open(request({ scope, maxTokens: length })));
      const before = prefilled();
      expectSameTokens(await collect(engine.open(request({ scope, maxTokens: length }))), whole);
      expect(prefilled()).toBe(before);
      // A later turn of the conversation: only what is new is computed.
      const tokens = [...PROMPT, ...whole.ids, ...PROMPT];
      const turn = collect(engine.open(request({ scope, tokens, maxTokens: length })));
      const [again, alone] = [await turn, await collect(engine.open(request({ tokens, maxTokens: length })))];
      expect(prefilled()).toBe(before + PROMPT.length + tokens.length - 1);
      expectSameTokens(again, alone);
    });

    it('E1 copies what a running stream of the scope has', async () => {
      const scope = '0x0123456789abcdef0123456789abcdef';
      const before = engine.timings();
      const outputs = [0, 1].map((choice) => engine.open(request({ scope, choice, maxTokens: 4 })));
      const [first] = await Promise.all(outputs.map(collect));
      expect(first!.ids).toEqual(whole.ids.slice(0, 4));
      const after = engine.timings();
      expect(after.prefilled - before.prefilled + after.reused - before.reused).toBe(2 * (PROMPT.length - 1));
      expect(after.reused).toBeGreaterThan(before.reused);
    });

    it('E1 reuses nothing for a stranger who asks the very same, or for a job without a scope', async () => {
      const [one, other] = ['0x00000000000000000000000000000001', '0x00000000000000000000000000000002'];
      await collect(engine.open(request({ scope: one })));
      for (const change of [{ scope: other }, {}, { scope: '0x00000000000000000000000000000003' }]) {
        const { prefilled, reused } = engine.timings();
        const { ids } = await collect(engine.open(request(change)));
        expect(ids).toEqual(whole.ids.slice(0, 4));
        expect(engine.timings()).toMatchObject({ reused, prefilled: prefilled + PROMPT.length - 1 });
      }
    });

    it('tells how long steps take', () => {
      const { stepMs, worstStepMs, tokens } = engine.timings();
      expect(stepMs).toBeGreaterThan(0);
      expect(worstStepMs).toBeGreaterThanOrEqual(stepMs);
      expect(tokens).toBeGreaterThan(length);
    });

    it('ends its streams when it is closed, and opens none after', async () => {
      const iterator = engine.open(request({ maxTokens: 500 }))[Symbol.asyncIterator]();
      const waiting = [1, 2].map(() => collect(engine.open(request({ maxTokens: 500 }))));
      const ends = waiting.map((output) => expect(output).rejects.toMatchObject({ code: 'engine_closed' }));
      await nextOf(iterator);
      await Promise.all([engine.close(), engine.close()]);
      await Promise.all(ends);
      await expect(async () => {
        for (;;) await nextOf(iterator);
      }).rejects.toMatchObject({ code: 'engine_closed' });
      expect(() => engine.open(request())).toThrow(expect.objectContaining({ code: 'engine_closed' }));
    });
  });
}
