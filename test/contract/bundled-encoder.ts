/** The project's own small encoder, read from `public/models`, and PyTorch's vectors of it. */
import { readFileSync } from 'node:fs';
import type { Embedder } from '../../src/engine/embedder.ts';
import { createOnnxEmbedder, type OnnxEmbedderOptions } from '../../src/engine/onnx/onnx-embedder.ts';
import { cpuRuntime, readModel } from './bundled-model.ts';
import type { EmbeddingVectors } from './embedder-suite.ts';

export const ENCODER = 'shakespeare-embed';

export function readVectors(): EmbeddingVectors {
  const file = new URL(`../vectors/embeddings-${ENCODER}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')) as EmbeddingVectors;
}

/** An embedder on the CPU, unless another runtime is given. */
export async function createTestEmbedder(
  variant: 'fp32' | 'q4' = 'fp32',
  options: Partial<OnnxEmbedderOptions> = {},
): Promise<Embedder> {
  return createOnnxEmbedder({ runtime: cpuRuntime, ...(await readModel(ENCODER, variant)), ...options });
}
