/** Output control, as every engine must do it: rules S2, S5, S6 and S7, run in Node and in a browser. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Engine, StreamRequest } from '../../src/engine/engine.ts';
import type { CreateConstraint } from '../../src/engine/grammar/token-constraint.ts';
import { EPSILON } from '../../src/protocol/constants.ts';
import { type DecodeSpec, plainSpec } from '../../src/protocol/wire/decode-spec.ts';
import { collect, expectSameTokens, type Output, PROMPT, request } from './engine-suite.ts';

export interface ControlSuite {
  /** Makes an engine with two slots. */
  readonly create: (options: { createConstraint: CreateConstraint }) => Promise<Engine>;
  /** Tokens that a longer stream has. */
  readonly length: number;
  readonly timeout?: number;
}

/** Allows ids by turns of three: those that are `n % 3` for the nth output token. A schema `none` allows nothing. */
const byTurns =
  (vocab: () => number): CreateConstraint =>
  async (constraint, prior) => {
    let turn = prior.length;
    const isImpossible = constraint.kind === 'json_schema' && constraint.schema === '"none"';
    if (constraint.kind === 'structural_tag') throw new Error('no tags');
    return {
      done: false,
      mask() {
        const mask = new Uint32Array(Math.ceil(vocab() / 32));
        if (isImpossible) return mask.fill(2 ** 32 - 2 ** (vocab() % 32), vocab() >>> 5);
        for (let id = turn % 3; id < vocab(); id += 3) mask[id >>> 5]! |= 1 << (id & 31);
        return mask;
      },
      accept(id) {
        expect(id % 3).toBe(turn++ % 3);
      },
    };
  };

export function describeControls(name: string, { create, length, timeout = 20_000 }: ControlSuite): void {
  describe(`${name} engine’s output control`, { timeout }, () => {
    let engine: Engine;
    let plain: Output;

    const run = (spec: Partial<DecodeSpec>, change: Partial<StreamRequest> = {}): Promise<Output> =>
      collect(engine.open(request({ maxTokens: length, spec: { ...plainSpec(0.8), ...spec }, ...change })));

    beforeAll(async () => {
      engine = await create({ createConstraint: byTurns(() => engine.capabilities.vocab) });
      plain = await run({});
    }, timeout);
    afterAll(() => engine.close());

    it.each<[string, Partial<DecodeSpec>]>([
      ['top-k of 1', { topK: 1 }],
      ['a tiny top-p', { topP: 1e-6 }],
      ['a min-p of 1', { minP: 1 }],
      ['a temperature next to 0', { temperature: 1e-5 }],
    ])('S6 takes the likeliest token with %s', async (_, spec) => {
      const { samples } = await run(spec, { maxTokens: 4 });
      for (const { id, topIds } of samples) expect(id).toBe(topIds[0]);
    });

    it('S6 leaves the likelier tokens, and draws among them with the same noise', async () => {
      const { samples } = await run({ topK: 4, temperature: 2 });
      for (const { id, topIds } of samples) expect(topIds).toContain(id);
      const loose = await run({ topK: engine.capabilities.vocab, topP: 1 - 1e-12, minP: 1e-30 });
      expectSameTokens(loose, plain);
    });

    it('S5 adds bias: to have an id always, or never', async () => {
      const always = await run({ logitBias: [[77, 100]] }, { maxTokens: 3 });
      expect(always.ids).toEqual([77, 77, 77]);
      for (const { logprob } of always.samples) expect(logprob).toBeLessThan(-1);
      const banned = [...new Set(plain.ids)].sort((a, b) => a - b);
      const never = await run({ logitBias: banned.map((id) => [id, -100]) });
      expect(never.ids.filter((id) => banned.includes(id))).toEqual([]);
    });

    it('S5 counts the output: with the greatest penalties ids come again less often', async () => {
      const often = await run({ frequencyPenalty: -2, presencePenalty: -2 });
      const seldom = await run({ frequencyPenalty: 2, presencePenalty: 2 });
      expect(new Set(often.ids).size).toBeLessThan(new Set(seldom.ids).size);
    });

    it('S5, L3 goes on with the counts of what was delivered, and of nothing before it', async () => {
      const spec = { frequencyPenalty: 1.5, presencePenalty: 0.5, logitBias: [[5, 3.5]], topP: 0.9 } as const;
      const controls = { ...spec, logitBias: [...spec.logitBias] as [number, number][] };
      const whole = await run(controls);
      const at = length >> 1;
      const moved = {
        tokens: [...PROMPT, ...whole.ids.slice(0, at)],
        outputStart: PROMPT.length,
        maxTokens: length - at,
      };
      const expected = { ids: whole.ids.slice(at), samples: whole.samples.slice(at), end: whole.end };
      expectSameTokens(await run(controls, moved), expected);
    });

    it('serves streams of every kind side by side as each alone', async () => {
      const specs: Partial<DecodeSpec>[] = [
        { topP: 0.5 },
        {},
        { presencePenalty: 2, minP: 0.1 },
        { logitBias: [[9, 4]], temperature: 0 },
        { constraint: { kind: 'json_object' } },
      ];
      const together = await Promise.all(specs.map((spec) => run(spec)));
      expectSameTokens(together[1]!, plain);
      for (const [i, spec] of specs.entries()) expectSameTokens(await run(spec), together[i]!);
    });

    it('S7 gives as many alternatives as are asked for, to whom asks', async () => {
      const [rich, poor] = await Promise.all([run({}, { topLogprobs: 20 }), run({}, { topLogprobs: 2 })]);
      expectSameTokens(rich, plain);
      for (const [i, { topIds, topLogprobs, id, logprob }] of rich.samples.entries()) {
        expect(topIds).toHaveLength(20);
        expect(new Set(topIds).size).toBe(20);
        expect(topLogprobs).toEqual([...topLogprobs].sort((a, b) => b - a));
        expect(topIds.slice(0, 4)).toEqual(plain.samples[i]!.topIds);
        if (topIds.includes(id)) expect(logprob).toBeCloseTo(topLogprobs[topIds.indexOf(id)]!, 5);
        else expect(logprob).toBeLessThanOrEqual(topLogprobs[19]!);
      }
      for (const { topIds } of poor.samples) expect(topIds).toHaveLength(4);
    });

    it('S7 states the model’s own distribution, whatever the controls', async () => {
      const spec: Partial<DecodeSpec> = {
        temperature: 2,
        topK: 3,
        logitBias: [[77, 100]],
        presencePenalty: 2,
      };
      const { samples } = await run(spec, { maxTokens: 1, topLogprobs: 5 });
      const [own] = plain.samples;
      expect(samples[0]!.topIds.slice(0, 4)).toEqual(own!.topIds);
      for (const [i, value] of own!.topLogprobs.entries()) {
        expect(samples[0]!.topLogprobs[i]).toBeCloseTo(value, 4);
      }
    });

    it('S8 draws only what a constraint allows, from the first token of the output on', async () => {
      const spec: Partial<DecodeSpec> = { constraint: { kind: 'json_object' }, topK: 50 };
      const { ids } = await run(spec);
      expect(ids.map((id, i) => id % 3 === i % 3)).toEqual(ids.map(() => true));
      const tokens = [...PROMPT, ...ids.slice(0, 4)];
      const moved = await run(spec, { tokens, outputStart: PROMPT.length, maxTokens: 2 });
      expect(moved.ids.map((id) => id % 3)).toEqual([1, 2]);
    });

    it('S8 ends a stream whose constraint allows nothing, or can’t be made, and no other', async () => {
      const none = run({ constraint: { kind: 'json_schema', schema: '"none"' } });
      const refused = run({ constraint: { kind: 'structural_tag', tag: '{}' } });
      const others = run({});
      await Promise.all([
        expect(none).rejects.toMatchObject({ code: 'no_token_allowed' }),
        expect(refused).rejects.toThrow('no tags'),
      ]);
      expectSameTokens(await others, plain);
    });

    it('E3 scores by a constraint: a token that it forbids is infinitely far', async () => {
      const spec: DecodeSpec = { ...plainSpec(0.8), constraint: { kind: 'json_object' } };
      const output = await run(spec);
      const { seed } = request();
      const gaps = async (ids: readonly number[], from = 0): Promise<number[]> => {
        const [tokens, outputStart] = [[...PROMPT, ...ids], PROMPT.length];
        const scores = await engine.score({ tokens, outputStart, from: outputStart + from, spec, seed });
        return scores.map(({ gap }) => gap);
      };
      for (const gap of [...(await gaps(output.ids)), ...(await gaps(output.ids, 4))])
        expect(gap).toBeLessThan(EPSILON);
      const forged = output.ids.with(3, output.ids[3]! + 1);
      expect((await gaps(forged))[3]).toBe(Infinity);
      expect((await gaps(forged)).slice(0, 3)).toEqual((await gaps(output.ids)).slice(0, 3));
    });

    it('refuses a bias of an id that the model does not have', () => {
      const spec = { ...plainSpec(1), logitBias: [[engine.capabilities.vocab, 1]] as [number, number][] };
      expect(() => engine.open(request({ spec }))).toThrow(
        expect.objectContaining({ code: 'token_invalid' }),
      );
    });
  });
}
