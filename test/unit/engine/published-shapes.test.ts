/** Models in the shapes of published ones (random weights, two layers), through the engine on CPUs. */
import { describe, expect, it } from 'vitest';
import { createOnnxEngine } from '../../../src/engine/onnx/onnx-engine.ts';
import type { OnnxRuntime } from '../../../src/engine/onnx/runtime.ts';
import { loadWasmRuntime } from '../../../src/engine/runtimes/wasm-runtime.ts';
import { createSyntheticDecoder, type SyntheticDecoder } from '../../../src/sim/decoder/synthetic-decoder.ts';
import { EPSILON } from '../../../src/protocol/constants.ts';
import { cpuRuntime } from '../../contract/bundled-model.ts';
import { collect, expectSameTokens, type Output, request } from '../../contract/engine-suite.ts';

/** A small vocabulary saves what takes the time here, and is no part of what is looked at. */
const THIN = { vocab: 2048, context: 256 };
const external = 'model.onnx_data';

/** Half-precision logits of two sound runs differ by a last place: 1/64 at 16. */
const HALF_EPSILON = 2 / 64;

const models: Record<string, () => SyntheticDecoder> = {
  'Qwen3-0.6B q4': () => createSyntheticDecoder('qwen3-0.6b', { dtype: 'q4', external }, { context: 256 }),
  'Qwen3-0.6B q4f16, position_ids, logits cast': () =>
    createSyntheticDecoder('qwen3-0.6b', { dtype: 'q4f16', rotary: 'nodes', wideLogits: true }, THIN),
  'Llama-3.2-1B q4f16': () => createSyntheticDecoder('llama-3.2-1b', { dtype: 'q4f16', external }, THIN),
  'Llama-3.2-1B q4, zero points': () =>
    createSyntheticDecoder('llama-3.2-1b', { dtype: 'q4', zeroPoints: true }, THIN),
  'SmolLM2-135M q4, zero points': () =>
    createSyntheticDecoder('smollm2-135m', { dtype: 'q4', zeroPoints: true }),
  'SmolLM2-135M fp16': () => createSyntheticDecoder('smollm2-135m', { dtype: 'fp16', external }, THIN),
  'SmolLM2-135M fp32, two embeddings, num_logits_to_keep': () =>
    createSyntheticDecoder('smollm2-135m', { dtype: 'fp32', tied: false, asksKept: true, external }, THIN),
};

describe.each(Object.entries(models))('%s', (name, create) => {
  it('L3, E3, F4 decodes as it prefills, in a batch as alone, and scores alike', { timeout: 30_000 }, () =>
    decodesAsItPrefills(cpuRuntime, create(), name.includes('16') ? HALF_EPSILON : EPSILON),
  );
});

describe('on wasm', () => {
  it.each(['q4', 'q4f16'] as const)(
    'L3, E3, F4 %s decodes as it prefills, and scores alike',
    { timeout: 30_000 },
    async (dtype) => {
      const model = createSyntheticDecoder(
        'smollm2-135m',
        { dtype, asksKept: dtype === 'q4', external },
        THIN,
      );
      await decodesAsItPrefills(await loadWasmRuntime(), model, dtype === 'q4' ? EPSILON : HALF_EPSILON);
    },
  );
});

async function decodesAsItPrefills(
  runtime: OnnxRuntime,
  model: SyntheticDecoder,
  epsilon: number,
): Promise<void> {
  const engine = await createOnnxEngine({ runtime, slots: 2, context: 64, ...model });
  const tokens = Array.from({ length: 20 }, (_, i) => (i * 7919 + 13) % engine.capabilities.vocab);
  const run = (prompt: readonly number[], maxTokens: number): Promise<Output> =>
    collect(engine.open(request({ tokens: prompt, maxTokens })));
  const whole = await run(tokens, 8);
  expect(new Set(whole.ids).size).toBeGreaterThan(2);
  const [same, rest] = await Promise.all([run(tokens, 8), run([...tokens, ...whole.ids.slice(0, 4)], 4)]);
  expectSameTokens(same, whole, epsilon);
  expectSameTokens(
    rest,
    { ids: whole.ids.slice(4), samples: whole.samples.slice(4), end: 'length' },
    epsilon,
  );
  const { spec, seed } = request();
  const output = { tokens: [...tokens, ...whole.ids], outputStart: tokens.length };
  for (const [i, { id, gap, logprob }] of (await engine.score({ ...output, spec, seed })).entries()) {
    expect(id).toBe(whole.ids[i]);
    expect(Math.abs(gap)).toBeLessThan(epsilon);
    expect(Math.abs(logprob - whole.samples[i]!.logprob)).toBeLessThan(Math.max(epsilon, 1e-3));
  }
  await engine.close();
}
