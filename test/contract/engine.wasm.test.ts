import { loadWasmRuntime } from '../../src/engine/runtimes/wasm-runtime.ts';
import { createTestEngine } from './bundled-model.ts';
import { describeControls } from './control-suite.ts';
import { describeEngine } from './engine-suite.ts';

describeEngine('wasm', {
  create: async () => createTestEngine({ runtime: await loadWasmRuntime() }),
  length: 40,
});
describeControls('wasm', {
  create: async (options) => createTestEngine({ runtime: await loadWasmRuntime(), ...options }),
  length: 24,
});
