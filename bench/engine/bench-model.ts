/** The models that `bench engine` runs: the bundled ones, and one with random weights and a large vocabulary. */
import type { OnnxEngineOptions } from '../../src/engine/onnx/onnx-engine.ts';
import { parseManifest } from '../../src/protocol/wire/model-manifest.ts';
import { createSyntheticDecoder } from '../../src/sim/decoder/synthetic-decoder.ts';

/** Qwen3-0.6B's shape with two layers: a vocabulary of 151,936, 155 of its 186 million parameters. */
export const SYNTHETIC = 'synthetic';

/** The same vocabulary on a model so narrow that a GPU which is a processor can run it in full precision. */
export const NARROW = 'synthetic-narrow';

const SIZES = { hidden: 128, intermediate: 352, heads: 4, kvHeads: 2, headDim: 32, context: 1024 };

/** @param read a file of the model's folder */
export async function loadBenchModel(
  model: string,
  variant: string,
  read: (path: string) => Promise<Uint8Array>,
): Promise<Pick<OnnxEngineOptions, 'manifest' | 'graph'>> {
  if (model === SYNTHETIC) {
    const { manifest, graph } = createSyntheticDecoder('qwen3-0.6b', { dtype: 'q4' }, { context: 1024 });
    return { manifest, graph };
  }
  if (model === NARROW) {
    const { manifest, graph } = createSyntheticDecoder('qwen3-0.6b', { dtype: 'fp32' }, SIZES);
    return { manifest, graph };
  }
  const manifest = parseManifest(await read('manifest.json'));
  return { manifest, graph: await read(manifest.variants[variant]!.graph) };
}
