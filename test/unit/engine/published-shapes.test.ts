/** Models in the shapes of published ones (random weights, two layers), through the engine on the CPU. */
import { describe, expect, it } from 'vitest';
import { type SyntheticDecoder, createSyntheticDecoder } from '../../../src/sim/decoder/synthetic-decoder.ts';
import { createOnnxEngine } from '../../../src/engine/onnx/onnx-engine.ts';
import { cpuRuntime } from '../../contract/bundled-model.ts';
import { collect, expectSameTokens, request } from '../../contract/engine-suite.ts';

/** A small vocabulary saves what takes the time here, and is no part of what is looked at. */
const THIN = { vocab: 2048, context: 256 };

const models: Record<string, () => SyntheticDecoder> = {
  'SmolLM2-135M fp32': () => createSyntheticDecoder('smollm2-135m', { dtype: 'fp32' }, THIN),
  'SmolLM2-135M q4, zero points': () =>
    createSyntheticDecoder('smollm2-135m', { dtype: 'q4', zeroPoints: true }),
  'Qwen3-0.6B q4, position_ids': () =>
    createSyntheticDecoder('qwen3-0.6b', { dtype: 'q4', rotary: 'nodes' }, THIN),
};

describe.each(Object.entries(models))('%s', (_, create) => {
  it('L3 decodes as it prefills, and in a batch as alone', { timeout: 30_000 }, async () => {
    const engine = await createOnnxEngine({ runtime: cpuRuntime, slots: 2, context: 64, ...create() });
    const tokens = Array.from({ length: 20 }, (__, i) => (i * 7919 + 13) % engine.capabilities.vocab);
    const whole = await collect(engine.open(request({ tokens, maxTokens: 8 })));
    expect(new Set(whole.ids).size).toBeGreaterThan(2);
    const [same, rest] = await Promise.all([
      collect(engine.open(request({ tokens, maxTokens: 8 }))),
      collect(engine.open(request({ tokens: [...tokens, ...whole.ids.slice(0, 4)], maxTokens: 4 }))),
    ]);
    expectSameTokens(same, whole);
    expectSameTokens(rest, { ids: whole.ids.slice(4), samples: whole.samples.slice(4), end: 'length' });
    await engine.close();
  });
});
