/** Scoring, as every engine must do it (rule E3): what decoding gave is what scoring finds. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Engine, ScoreRequest, TokenScore } from '../../src/engine/engine.ts';
import { type DecodeSpec, plainSpec } from '../../src/protocol/wire/decode-spec.ts';
import { EPSILON } from '../../src/protocol/constants.ts';
import { collect, type Output, PROMPT, request } from './engine-suite.ts';

export interface ScoreSuite {
  /** Makes an engine with two slots. */
  readonly create: () => Promise<Engine>;
  /** Tokens that a stream has. */
  readonly length: number;
  readonly timeout?: number;
}

/** The audit's S1, uncapped. */
const meanGap = (scores: readonly TokenScore[]): number =>
  scores.reduce((sum, { gap }) => sum + gap, 0) / scores.length;

/** Expects that each score says of its token what the stream said when it gave it. */
export function expectScores(scores: readonly TokenScore[], { samples }: Output): void {
  expect(scores.map(({ id }) => id)).toEqual(samples.map(({ id }) => id));
  for (const [i, score] of scores.entries()) {
    const sample = samples[i]!;
    expect(Math.abs(score.gap)).toBeLessThan(EPSILON);
    if (sample.margin > EPSILON) expect(score).toMatchObject({ drawn: sample.id, gap: 0 });
    expect(score.logprob).toBeCloseTo(sample.logprob, 3);
    expect(score.topLogprobs).toHaveLength(sample.topLogprobs.length);
    for (const [j, logprob] of score.topLogprobs.entries())
      expect(logprob).toBeCloseTo(sample.topLogprobs[j]!, 3);
    for (const [j, value] of score.projection.entries()) expect(value).toBeCloseTo(sample.projection[j]!, 3);
    // Infinity where one token is left.
    if (score.margin !== sample.margin) {
      expect(Math.abs(score.margin - sample.margin)).toBeLessThan(10 * EPSILON);
    }
  }
}

const orderOf = ({ ids }: Output, change: Partial<ScoreRequest> = {}): ScoreRequest => {
  const { spec, seed } = request();
  return { tokens: [...PROMPT, ...ids], outputStart: PROMPT.length, spec, seed, ...change };
};

export function describeScores(name: string, { create, length, timeout = 20_000 }: ScoreSuite): void {
  describe(`${name} engine’s scores`, { timeout }, () => {
    let engine: Engine;
    let whole: Output;

    beforeAll(async () => {
      engine = await create();
      whole = await collect(engine.open(request({ maxTokens: length })));
    }, timeout);
    afterAll(() => engine.close());

    it('E3 say of an honest stream what it said itself', async () => {
      expectScores(await engine.score(orderOf(whole)), whole);
      expect(engine.timings()).toMatchObject({ active: 0, waiting: 0 });
    });

    it('E3 are the same while others decode', async () => {
      const others = [0, 1, 2].map((choice) => collect(engine.open(request({ choice, maxTokens: 4 }))));
      expectScores(await engine.score(orderOf(whole)), whole);
      for (const { ids } of await Promise.all(others)) expect(ids).toHaveLength(4);
    });

    it('E3 can begin within the output', async () => {
      const from = PROMPT.length + 3;
      const scores = await engine.score(orderOf(whole, { from }));
      expectScores(scores, { ...whole, samples: whole.samples.slice(3) });
    });

    it('E3 show one token that the seed did not choose, and what it fell short by', async () => {
      const at = 2;
      const ids = [...whole.ids];
      ids[at] = (ids[at]! + 1) % engine.capabilities.vocab;
      const scores = await engine.score(orderOf({ ...whole, ids }));
      expect(scores[at]).toMatchObject({ id: ids[at], drawn: whole.ids[at] });
      expect(scores[at]!.gap).toBeGreaterThanOrEqual(whole.samples[at]!.margin - EPSILON);
      expect(scores[at]!.logprob).toBeLessThan(0);
      expect(scores.slice(0, at).every(({ gap }) => Math.abs(gap) < EPSILON)).toBe(true);
    });

    it('E3 tell another seed, choice or temperature', async () => {
      const honest = meanGap(await engine.score(orderOf(whole)));
      expect(honest).toBeLessThan(EPSILON);
      for (const change of [{ seed: '0xfedcba9876543210' }, { choice: 1 }, { spec: plainSpec(0) }]) {
        expect(meanGap(await engine.score(orderOf(whole, change)))).toBeGreaterThan(0.1);
      }
    });

    it('E3 at temperature 0 measure by how much a token is not the likeliest', async () => {
      const spec = plainSpec(0);
      const greedy = await collect(engine.open(request({ spec, maxTokens: 3 })));
      expectScores(await engine.score(orderOf(greedy, { spec })), greedy);
      const [{ topIds, topLogprobs }] = greedy.samples as [Output['samples'][number]];
      const [score] = await engine.score(orderOf({ ...greedy, ids: [topIds[2]!] }, { spec }));
      expect(score!.gap).toBeCloseTo(topLogprobs[0]! - topLogprobs[2]!, 3);
      expect(score!.logprob).toBeCloseTo(topLogprobs[2]!, 3);
    });

    it('end when they are aborted', async () => {
      const abort = new AbortController();
      const scoring = engine.score(orderOf(whole, { signal: abort.signal }));
      abort.abort();
      await expect(scoring).rejects.toMatchObject({ code: 'aborted' });
      await expect(engine.score(orderOf(whole, { signal: abort.signal }))).rejects.toMatchObject({
        code: 'aborted',
      });
      expectScores(await engine.score(orderOf(whole)), whole);
    });

    it.each<[string, Partial<ScoreRequest>]>([
      ['prompt_empty', { tokens: [] }],
      ['prompt_empty', { tokens: [1] }],
      ['token_invalid', { tokens: [0, 1, -1], outputStart: 1 }],
      ['request_invalid', { outputStart: 0 }],
      ['request_invalid', { tokens: [0, 1], outputStart: 2 }],
      ['request_invalid', { from: 1 }],
      ['request_invalid', { seed: 'abc' }],
      ['decode_spec_unsupported', { spec: { version: 1, temperature: 1 } as never }],
    ])('refuse a bad order: %s %j', async (code, change) => {
      await expect(engine.score(orderOf(whole, change))).rejects.toMatchObject({ code });
    });

    it('fail with the engine', async () => {
      const scoring = engine.score(orderOf(whole));
      await Promise.all([expect(scoring).rejects.toMatchObject({ code: 'engine_closed' }), engine.close()]);
      await expect(engine.score(orderOf(whole))).rejects.toMatchObject({ code: 'engine_closed' });
    });
  });
}

/** Of streams with more than a temperature. */
export function describeControlledScores(
  name: string,
  { create, length, timeout = 20_000 }: ScoreSuite,
): void {
  describe(`${name} engine’s scores of controlled output`, { timeout }, () => {
    let engine: Engine;

    beforeAll(async () => {
      engine = await create();
    }, timeout);
    afterAll(() => engine.close());

    it.each<[string, Partial<DecodeSpec>, number]>([
      ['penalties', { frequencyPenalty: 1.5, presencePenalty: 0.5 }, 0.002],
      ['a bias', { logitBias: [[11, 4]] }, 0.002],
      ['filters', { topK: 40, topP: 0.9, minP: 0.01 }, 0],
    ])('E3 know %s', async (_, control, least) => {
      const spec = { ...plainSpec(0.8), ...control };
      const output = await collect(engine.open(request({ spec, maxTokens: length })));
      expectScores(await engine.score(orderOf(output, { spec })), output);
      // The same output, as if nothing had been asked for.
      expect(meanGap(await engine.score(orderOf(output)))).toBeGreaterThanOrEqual(least);
    });

    it('E3 have as many alternatives as were asked for', async () => {
      const output = await collect(engine.open(request({ topLogprobs: 9, maxTokens: 3 })));
      expectScores(await engine.score(orderOf(output, { topLogprobs: 9 })), output);
    });
  });
}
