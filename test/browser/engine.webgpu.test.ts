import { createOnnxEngine } from '../../src/engine/onnx/onnx-engine.ts';
import { describeEngine } from '../contract/engine-suite.ts';
import { describeScores } from '../contract/score-suite.ts';
import { fetchModel, softwareGpuRuntime } from './browser-engine.ts';

// Slow enough for few tokens and a short context.
describeEngine('webgpu', {
  create: async () =>
    createOnnxEngine({ runtime: await softwareGpuRuntime(), slots: 2, context: 96, ...(await fetchModel()) }),
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
