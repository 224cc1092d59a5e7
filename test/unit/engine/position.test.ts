import { expect, it } from 'vitest';
import { Batch } from '../../../src/engine/onnx/batch.ts';
import { createCpuDecoder } from '../../../src/engine/onnx/cpu-decoder.ts';
import type { Decoder } from '../../../src/engine/onnx/decoder.ts';
import { createWasmDecoder } from '../../../src/engine/onnx/wasm-decoder.ts';
import { loadWasmRuntime } from '../../../src/engine/runtimes/wasm-runtime.ts';
import { cpuRuntime, readModel } from '../../contract/bundled-model.ts';
import { readShape } from '../../contract/teacher-forcing.ts';

const STEPS = 40;

/** The median time of a step from `first` on, in ms. */
async function timeSteps(decoder: Decoder, first: number): Promise<number> {
  const batch = new Batch(1);
  const times: number[] = [];
  for (let position = first; position < first + STEPS; position++) {
    batch.rows = 1;
    batch.tokens[0] = position;
    batch.positions[0] = position;
    const began = performance.now();
    await decoder.step(batch);
    times.push(performance.now() - began);
  }
  return times.toSorted((a, b) => a - b)[STEPS / 2]!;
}

// The bound is generous, for a busy machine: feeding 900 tokens again costs more than a hundred times as much.
it.each(['cpu', 'wasm'])(
  'a late step on %s copies nothing that grew',
  { retry: 3, timeout: 30_000 },
  async (backend) => {
    const { manifest, graph } = await readModel();
    const shape = await readShape(graph, manifest, 1);
    const { module } = await loadWasmRuntime();
    const decoder =
      backend === 'cpu'
        ? await createCpuDecoder(cpuRuntime.ort, { graph }, shape, performance)
        : await createWasmDecoder(module, { graph }, shape, performance);
    await timeSteps(decoder, 100);
    const memory = module.HEAPU8.length;
    const [early, late] = [await timeSteps(decoder, 100), await timeSteps(decoder, 900)];
    await decoder.close();
    expect(late).toBeLessThan(5 * early);
    expect(module.HEAPU8.length).toBe(memory);
  },
);
