import { readFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import * as ort from 'onnxruntime-node';
import type { Embedder } from '../src/engine/embedder.ts';
import { createOnnxEmbedder } from '../src/engine/onnx/onnx-embedder.ts';
import type { OnnxRuntime } from '../src/engine/onnx/runtime.ts';
import { loadWasmRuntime } from '../src/engine/runtimes/wasm-runtime.ts';
import { parseManifest } from '../src/protocol/wire/model-manifest.ts';
import type { Benchmark } from './benchmark.ts';

const MODEL = 'shakespeare-embed';
const INPUTS = 256;
const SHORTEST = 4;
const LONGEST = 64;

/** Vectors from the bare embedder on processors: inputs of many lengths at once, and one after another. */
export const benchmark: Benchmark = {
  name: 'embed',
  description: 'input tokens/s of the bare embedder, one by one and in batches, in Node (cpu, wasm)',
  async run({ tell, signal }) {
    const folder = new URL(`../public/models/${MODEL}/`, import.meta.url);
    const manifest = parseManifest(await readFile(new URL('manifest.json', folder)));
    const runtimes: OnnxRuntime[] = [{ backend: 'cpu', ort }, await loadWasmRuntime()];
    const results = [];
    for (const runtime of runtimes) {
      for (const [variant, { graph }] of Object.entries(manifest.variants)) {
        signal.throwIfAborted();
        tell(`${MODEL} ${variant} on ${runtime.backend}`);
        const bytes = await readFile(new URL(graph, folder));
        const embedder = await createOnnxEmbedder({ runtime, manifest, graph: bytes });
        results.push({ backend: runtime.backend, variant, ...(await measure(embedder)) });
        await embedder.close();
      }
    }
    return {
      table: results.map(({ backend, variant, single, batched }) => ({
        backend,
        variant,
        'one by one, tokens/s': Math.round(single),
        'together, tokens/s': Math.round(batched),
        gain: Number((batched / single).toFixed(2)),
      })),
      json: { device: cpus()[0]?.model ?? 'unknown', software: true, model: MODEL, inputs: INPUTS, results },
    };
  },
};

async function measure(embedder: Embedder): Promise<{ single: number; batched: number }> {
  const { vocab } = embedder.capabilities;
  const inputs = Array.from({ length: INPUTS }, (_, i) =>
    Array.from({ length: SHORTEST + ((i * 37) % (LONGEST - SHORTEST + 1)) }, (__, j) => (i * 31 + j) % vocab),
  );
  const tokens = inputs.flat().length;
  await embedder.embed({ inputs: inputs.slice(0, 8) });
  const rate = async (work: () => Promise<unknown>): Promise<number> => {
    const began = performance.now();
    await work();
    return (tokens * 1000) / (performance.now() - began);
  };
  const single = await rate(async () => {
    for (const ids of inputs) await embedder.embed({ inputs: [ids] });
  });
  return { single, batched: await rate(() => embedder.embed({ inputs })) };
}
