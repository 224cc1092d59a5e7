import { describe, expect, it } from 'vitest';
import { createOnnxEmbedder } from '../../../src/engine/onnx/onnx-embedder.ts';
import type { OnnxRuntime } from '../../../src/engine/onnx/runtime.ts';
import { loadWasmRuntime } from '../../../src/engine/runtimes/wasm-runtime.ts';
import type { ModelManifest } from '../../../src/protocol/wire/model-manifest.ts';
import { OnnxWriter } from '../../../src/sim/decoder/onnx-writer.ts';
import { cpuRuntime, readModel } from '../../contract/bundled-model.ts';

const VOCAB = 8;
const HIDDEN = 4;
const WORDS = Float32Array.from({ length: VOCAB * HIDDEN }, (_, i) => i);
const TYPES = Float32Array.of(100, 200, 300, 400, -1, -1, -1, -1);
const { manifest: bundled } = await readModel('shakespeare-embed');

/** What BERT's exports have: token types among the inputs, and a pooled output that nobody needs. */
function graph(output = 'last_hidden_state'): Uint8Array {
  const onnx = new OnnxWriter();
  for (const name of ['input_ids', 'attention_mask', 'token_type_ids'])
    onnx.input(name, 'int64', ['batch_size', 'sequence_length']);
  onnx.output(output, 'float32', ['batch_size', 'sequence_length', HIDDEN]);
  onnx.output('pooler_output', 'float32', ['batch_size', 'sequence_length', HIDDEN]);
  const words = onnx.constant('words', 'float32', [VOCAB, HIDDEN], WORDS);
  const types = onnx.constant('types', 'float32', [2, HIDDEN], TYPES);
  const sum = [
    onnx.node('Gather', 'word', [words, 'input_ids']),
    onnx.node('Gather', 'type', [types, 'token_type_ids']),
  ];
  onnx.node('Add', 'sum', sum, {}, [output]);
  onnx.node('Neg', 'pooled', [output], {}, ['pooler_output']);
  return onnx.finish('bert').graph;
}

function manifest(change: object = {}): ModelManifest {
  const { architecture } = bundled;
  const sizes = { hidden: HIDDEN, vocab: VOCAB, leastDimensions: HIDDEN, normalise: false };
  return { ...bundled, architecture: { ...architecture, ...sizes, ...change } };
}

const runtimes: Record<string, () => Promise<OnnxRuntime>> = {
  cpu: async () => cpuRuntime,
  wasm: () => loadWasmRuntime(),
};

describe.each(Object.keys(runtimes))('an encoder of the onnx-community convention on %s', (name) => {
  it('gets token types where its graph wants them, all of the first text', async () => {
    const runtime = await runtimes[name]!();
    const embedder = await createOnnxEmbedder({ runtime, manifest: manifest(), graph: graph() });
    const vectors = await embedder.embed({ inputs: [[1], [0, 2, 4]] });
    expect(vectors.map((vector) => [...vector])).toEqual([
      [104, 205, 306, 407],
      [108, 209, 310, 411],
    ]);
    await expect(embedder.embed({ inputs: [[1]], dimensions: 3 })).rejects.toMatchObject({
      code: 'dimensions_unsupported',
    });
    await embedder.close();
  });

  it('is refused where its graph has other outputs, or its manifest is of another kind', async () => {
    const runtime = await runtimes[name]!();
    const other = createOnnxEmbedder({ runtime, manifest: manifest(), graph: graph('sentence_embedding') });
    await expect(other).rejects.toMatchObject({
      code: 'model_unsupported',
      data: { missing: ['last_hidden_state'] },
    });
    const writes = createOnnxEmbedder({ runtime, manifest: manifest({ kind: 'decoder' }), graph: graph() });
    await expect(writes).rejects.toMatchObject({ code: 'model_unsupported' });
  });

  it('gives an error instead of numbers that are not finite', async () => {
    const runtime = await runtimes[name]!();
    WORDS[7 * HIDDEN] = Number.POSITIVE_INFINITY;
    const infinite = await createOnnxEmbedder({ runtime, manifest: manifest(), graph: graph() });
    WORDS[7 * HIDDEN] = 28;
    const [good, bad] = await Promise.allSettled([
      infinite.embed({ inputs: [[1]] }),
      infinite.embed({ inputs: [[7]] }),
    ]);
    expect(good.status).toBe('fulfilled');
    expect(bad).toMatchObject({ reason: { code: 'output_not_finite', data: { input: 0 } } });
    await infinite.close();
  });
});
