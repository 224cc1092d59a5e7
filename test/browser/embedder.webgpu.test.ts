import vectors from '../vectors/embeddings-shakespeare-embed.json?raw';
import { createOnnxEmbedder } from '../../src/engine/onnx/onnx-embedder.ts';
import { describeEmbedder, type EmbeddingVectors } from '../contract/embedder-suite.ts';
import { fetchModel, softwareGpuRuntime } from './browser-engine.ts';

// On one device: each of its own would compile the same shaders again.
const runtime = softwareGpuRuntime();

describeEmbedder('webgpu', {
  create: async (variant, options) =>
    createOnnxEmbedder({
      runtime: await runtime,
      ...(await fetchModel('shakespeare-embed', variant)),
      ...options,
    }),
  vectors: JSON.parse(vectors) as EmbeddingVectors,
  many: 8,
  timeout: 60_000,
});
