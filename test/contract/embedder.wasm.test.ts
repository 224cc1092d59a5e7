import { loadWasmRuntime } from '../../src/engine/runtimes/wasm-runtime.ts';
import { createTestEmbedder, readVectors } from './bundled-encoder.ts';
import { describeEmbedder } from './embedder-suite.ts';

describeEmbedder('wasm', {
  create: async (variant, options) =>
    createTestEmbedder(variant, { runtime: await loadWasmRuntime(), ...options }),
  vectors: readVectors(),
});
