import { describe, expect, it } from 'vitest';
import { plainSpec } from '../../../src/protocol/wire/decode-spec.ts';
import { createCpuDecoder } from '../../../src/engine/onnx/cpu-decoder.ts';
import { type Draw, LogitSampler } from '../../../src/engine/sampling/logit-sampler.ts';
import { projectionSigns } from '../../../src/protocol/wire/projection.ts';
import { type Sample, TOP_COUNT } from '../../../src/protocol/wire/sample.ts';
import { fillNoise, parseSeed, threefry2x32 } from '../../../src/protocol/wire/sampling-noise.ts';
import { cpuRuntime, createTestEngine, readModel } from '../../contract/bundled-model.ts';
import { collect, PROMPT, request } from '../../contract/engine-suite.ts';
import { forceTokens, readShape } from '../../contract/teacher-forcing.ts';

/** Rules S1, S2 and S4 written down once more, as plainly as can be. */
function sampleByTheRules(logits: Float32Array, { temperature, seed, choice, position }: Draw): Sample {
  const noise = new Float32Array(logits.length);
  fillNoise(noise, seed, position, choice);
  const z = Array.from(logits);
  const byValue = (values: readonly number[]): number[] =>
    [...values.keys()].sort((a, b) => values[b]! - values[a]! || a - b);
  const scores = z.map((logit, id) => logit + temperature * noise[id]!);
  const [id, runner] = byValue(scores) as [number, number];
  const greatest = Math.max(...z);
  const normalizer = greatest + Math.log(z.reduce((sum, logit) => sum + Math.exp(logit - greatest), 0));
  const mean = z.reduce((sum, logit) => sum + logit, 0) / z.length;
  const signs = projectionSigns(z.length);
  const component = (j: number): number =>
    z.reduce((sum, logit, i) => sum + ((signs[i]! >> j) & 1 ? -1 : 1) * (logit - mean), 0) /
    Math.sqrt(z.length);
  const topIds = byValue(z).slice(0, TOP_COUNT);
  return {
    id,
    logprob: z[id]! - normalizer,
    topIds,
    topLogprobs: topIds.map((top) => z[top]! - normalizer),
    projection: Array.from({ length: 8 }, (_, j) => component(j)),
    margin: scores[id]! - scores[runner]!,
  };
}

function expectSample(actual: Sample | undefined, expected: Sample): void {
  expect(actual?.id).toBe(expected.id);
  expect(actual!.topIds).toEqual(expected.topIds);
  expect(actual!.logprob).toBeCloseTo(expected.logprob, 5);
  expect(actual!.margin).toBeCloseTo(expected.margin, 5);
  for (const key of ['topLogprobs', 'projection'] as const) {
    for (const [i, value] of expected[key].entries()) expect(actual![key][i]).toBeCloseTo(value, 4);
  }
}

describe('LogitSampler', () => {
  it.each([4, 7, 100, 2048, 10_001])('S1, S2, S4 follows the rules for a vocabulary of %i', (vocab) => {
    const words = new Uint32Array(2);
    const sampler = new LogitSampler(vocab);
    for (let position = 1; position < 40; position++) {
      const logits = Float32Array.from({ length: vocab }, (_, i) => {
        threefry2x32(vocab, position, i, 0, words);
        return (words[0]! / 2 ** 32 + words[1]! / 2 ** 32 - 1) * 12;
      });
      const temperature = [0, 0.1, 0.7, 1, 2][position % 5]!;
      const draw: Draw = {
        temperature,
        seed: parseSeed('0xfeedfacecafebeef'),
        choice: position % 3,
        position,
      };
      expectSample(sampler.sample(logits, draw), sampleByTheRules(logits, draw));
    }
  });

  it('S2 gives ties to the lower id', () => {
    const logits = new Float32Array(50).fill(-2);
    for (const id of [40, 13, 12]) logits[id] = 1;
    const draw: Draw = { temperature: 0, seed: parseSeed('0x0000000000000001'), choice: 0, position: 1 };
    const sample = new LogitSampler(50).sample(logits, draw);
    expect(sample).toMatchObject({ id: 12, margin: 0, topIds: [12, 13, 40, 0] });
  });

  it.each([Number.NaN, Infinity, -Infinity])('gives nothing where a logit is %f', (bad) => {
    const logits = new Float32Array(9).fill(1);
    logits[4] = bad;
    const draw: Draw = { temperature: 1, seed: parseSeed('0x0000000000000001'), choice: 0, position: 1 };
    expect(new LogitSampler(9).sample(logits, draw)).toBeUndefined();
  });
});

describe('engine', () => {
  it('S1, S2 draws each token with the noise of its absolute position, seed and choice', async () => {
    const engine = await createTestEngine();
    const order = request({ maxTokens: 30, choice: 2, spec: plainSpec(1.1) });
    const { ids, samples } = await collect(engine.open(order));
    await engine.close();

    const { manifest, graph } = await readModel();
    const decoder = await createCpuDecoder(
      cpuRuntime.ort,
      { graph },
      await readShape(graph, manifest, 1),
      performance,
    );
    const forced = await forceTokens(decoder, [...PROMPT, ...ids.slice(0, -1)], { from: PROMPT.length - 1 });
    await decoder.close();
    expect(forced).toHaveLength(30);
    for (const [i, { logits }] of forced.entries()) {
      const draw: Draw = {
        temperature: 1.1,
        seed: parseSeed(order.seed),
        choice: 2,
        position: PROMPT.length + i,
      };
      expectSample(samples[i], sampleByTheRules(logits, draw));
    }
  });
});
