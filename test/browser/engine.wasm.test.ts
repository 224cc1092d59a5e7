import { createOnnxEngine } from '../../src/engine/onnx/onnx-engine.ts';
import { loadWasmRuntime } from '../../src/engine/runtimes/wasm-runtime.ts';
import { describeEngine } from '../contract/engine-suite.ts';
import { fetchModel } from './browser-engine.ts';

describeEngine('wasm', {
  create: async () =>
    createOnnxEngine({ runtime: await loadWasmRuntime(), slots: 2, ...(await fetchModel()) }),
  length: 40,
});
