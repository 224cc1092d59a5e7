import { loadWasmRuntime } from '../../src/engine/runtimes/wasm-runtime.ts';
import { createTestEngine } from './bundled-model.ts';
import { describeEngine } from './engine-suite.ts';

describeEngine('wasm', {
  create: async () => createTestEngine({ runtime: await loadWasmRuntime() }),
  length: 40,
});
