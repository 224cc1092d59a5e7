/** What becomes of a model whose files and manifest do not fit together. */
import { describe, expect, it } from 'vitest';
import { createOnnxEngine, type OnnxEngineOptions } from '../../../src/engine/onnx/onnx-engine.ts';
import { loadWasmRuntime } from '../../../src/engine/runtimes/wasm-runtime.ts';
import { createSyntheticDecoder } from '../../../src/sim/decoder/synthetic-decoder.ts';
import { cpuRuntime } from '../../contract/bundled-model.ts';

const THIN = { vocab: 512, hidden: 64, intermediate: 64, heads: 2, kvHeads: 1, context: 64 };
const external = 'model.onnx_data';
const model = createSyntheticDecoder('smollm2-135m', { dtype: 'q4', external }, THIN);
const { manifest, graph, data } = model;
const content = data[0]!.content;

const faults: [string, Partial<OnnxEngineOptions>, object][] = [
  [
    'other sizes than the manifest says',
    { manifest: { ...manifest, architecture: { ...manifest.architecture, vocab: 500, layers: 3 } } },
    {
      code: 'manifest_mismatch',
      data: { vocab: { graph: 512, manifest: 500 }, layers: { graph: 2, manifest: 3 } },
    },
  ],
  [
    'attention that only GPUs run',
    createSyntheticDecoder('qwen3-0.6b', { dtype: 'q4', headNorm: 'attention' }, THIN),
    { code: 'model_unsupported', message: expect.stringContaining('WebGPU only') },
  ],
  ['no data', { data: [] }, { code: 'model_file_missing', data: { file: external } }],
  ['data of another name', { data: [{ name: 'other', content }] }, { code: 'model_file_missing' }],
  [
    'data that is cut off',
    { data: [{ name: external, content: content.subarray(0, content.length >> 1) }] },
    { code: 'model_unsupported' },
  ],
  ['a graph that is cut off', { graph: graph.subarray(0, graph.length >> 1) }, { code: 'graph_invalid' }],
  [
    'a page in place of the graph',
    { graph: new TextEncoder().encode('<!doctype html>') },
    { code: 'graph_invalid' },
  ],
];

describe.each(['cpu', 'wasm'] as const)('on %s', (backend) => {
  const runtimeOf = async () => (backend === 'cpu' ? cpuRuntime : loadWasmRuntime());

  it.each(faults)('F2 refuses %s, with a code', async (_, change, error) => {
    const options = { runtime: await runtimeOf(), slots: 1, context: 32, ...model, ...change };
    await expect(createOnnxEngine(options)).rejects.toMatchObject(error);
  });

  it('takes data as a blob', async () => {
    const blobs = data.map(({ name, content: bytes }) => ({ name, content: new Blob([bytes]) }));
    const options = { runtime: await runtimeOf(), slots: 1, context: 32, ...model, data: blobs };
    const engine = await createOnnxEngine(options);
    expect(engine.capabilities).toMatchObject({ vocab: 512, context: 32 });
    await engine.close();
  });
});
