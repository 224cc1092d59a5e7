import { expect, test } from 'vitest';
import { createOnnxEngine } from '../../src/engine/onnx/onnx-engine.ts';
import { loadWasmRuntime } from '../../src/engine/runtimes/wasm-runtime.ts';
import { type DecodeSpec, plainSpec } from '../../src/protocol/wire/decode-spec.ts';
import { describeControls } from '../contract/control-suite.ts';
import { collect, describeEngine, expectSameTokens, request } from '../contract/engine-suite.ts';
import { describeControlledScores, describeScores } from '../contract/score-suite.ts';
import { fetchModel, softwareGpuRuntime } from './browser-engine.ts';

// Slow enough for few tokens and a short context.
const small = async () => ({
  runtime: await softwareGpuRuntime(),
  slots: 2,
  context: 96,
  ...(await fetchModel()),
});

describeEngine('webgpu', {
  create: async () => createOnnxEngine(await small()),
  length: 10,
  timeout: 60_000,
});

describeScores('webgpu', {
  create: async () =>
    createOnnxEngine({
      runtime: await softwareGpuRuntime(),
      slots: 2,
      context: 96,
      prefillPiece: 8,
      ...(await fetchModel()),
    }),
  length: 12,
  timeout: 60_000,
});
describeControlledScores('webgpu', {
  create: async () => createOnnxEngine({ ...(await small()), prefillPiece: 8 }),
  length: 12,
  timeout: 60_000,
});

describeControls('webgpu', {
  create: async (options) => createOnnxEngine({ ...(await small()), ...options }),
  length: 6,
  timeout: 60_000,
});

test('S3, S5, S6, S7: with every control, streams are those of wasm', { timeout: 60_000 }, async () => {
  const specs: Partial<DecodeSpec>[] = [
    {
      topP: 0.9,
      frequencyPenalty: 0.7,
      presencePenalty: 0.2,
      logitBias: [
        [7, 5],
        [9, -3],
      ],
    },
    { topK: 20, minP: 0.02, temperature: 1.5 },
  ];
  const model = await fetchModel();
  const engines = [
    await createOnnxEngine(await small()),
    await createOnnxEngine({ runtime: await loadWasmRuntime(), slots: 2, context: 96, ...model }),
  ];
  const runs = engines.map((engine) =>
    Promise.all(
      specs.map((spec) =>
        collect(
          engine.open(request({ maxTokens: 8, topLogprobs: 20, spec: { ...plainSpec(0.8), ...spec } })),
        ),
      ),
    ),
  );
  const [gpu, wasm] = await Promise.all(runs);
  await Promise.all(engines.map((engine) => engine.close()));
  for (const [i, output] of gpu!.entries()) {
    expectSameTokens(output, wasm![i]!);
    const [actual, expected] = [output.samples[0]!, wasm![i]!.samples[0]!];
    expect(actual.topIds).toEqual(expected.topIds);
    for (const [j, value] of actual.topLogprobs.entries()) {
      expect(value).toBeCloseTo(expected.topLogprobs[j]!, 3);
    }
  }
});
