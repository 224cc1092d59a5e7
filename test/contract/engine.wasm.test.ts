import { loadWasmRuntime } from '../../src/engine/runtimes/wasm-runtime.ts';
import { createTestEngine } from './bundled-model.ts';
import { describeControls } from './control-suite.ts';
import { describeEngine } from './engine-suite.ts';
import { describeControlledScores, describeScores } from './score-suite.ts';

describeEngine('wasm', {
  create: async () => createTestEngine({ runtime: await loadWasmRuntime() }),
  length: 40,
});
describeControls('wasm', {
  create: async (options) => createTestEngine({ runtime: await loadWasmRuntime(), ...options }),
  length: 24,
});
// Long enough for both ways in which prompts are fed.
describeScores('wasm', {
  create: async () => createTestEngine({ runtime: await loadWasmRuntime() }),
  length: 200,
});
describeControlledScores('wasm', {
  create: async () => createTestEngine({ runtime: await loadWasmRuntime() }),
  length: 80,
});
