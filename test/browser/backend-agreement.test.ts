/** WebGPU against WebAssembly, whose bits are the same in Node, where they are held against the CPU and PyTorch. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { shapeOf } from '../../src/engine/onnx/decoder.ts';
import type { WasmRuntime, WebGpuRuntime } from '../../src/engine/onnx/runtime.ts';
import { createWasmDecoder } from '../../src/engine/onnx/wasm-decoder.ts';
import { createWebGpuDecoder } from '../../src/engine/onnx/webgpu-decoder.ts';
import { loadWasmRuntime } from '../../src/engine/runtimes/wasm-runtime.ts';
import { EPSILON } from '../contract/engine-suite.ts';
import { differentChoices, forceTokens, greatestDifference } from '../contract/teacher-forcing.ts';
import { fetchModel, softwareGpuRuntime } from './browser-engine.ts';

/** Some text of the model's own: what matters is that it is not one token over and over. */
const tokens = Array.from({ length: 80 }, (_, i) => (i === 0 ? 0 : (i * i * 31 + 7 * i) % 2048));

let wasm: WasmRuntime;
let webgpu: WebGpuRuntime;
beforeAll(async () => {
  [wasm, webgpu] = [await loadWasmRuntime(), await softwareGpuRuntime()];
});
afterAll(() => webgpu.device.destroy());

// Attention over 32 tokens and more, and over more than 64 positions, are kernels of their own: pieces of 40 and of 30.
test.each([
  { variant: 'fp32', from: 70, to: 72, rows: 2, piece: 40 },
  { variant: 'q4', from: 33, to: 34, rows: 1, piece: 64 },
])(
  'S3: after $from tokens in pieces of $piece, $rows rows of the $variant model have the logits of wasm',
  { timeout: 60_000 },
  async ({ variant, ...how }) => {
    const { manifest, graph } = await fetchModel('shakespeare-1m', variant);
    const shape = shapeOf(manifest, how.rows, 128);
    const decoders = [
      await createWebGpuDecoder(webgpu, graph, shape, performance),
      await createWasmDecoder(wasm.module, graph, shape, performance),
    ];
    const [gpu, cpu] = [
      await forceTokens(decoders[0]!, tokens, how),
      await forceTokens(decoders[1]!, tokens, how),
    ];
    for (const decoder of decoders) await decoder.close();
    expect(gpu).toHaveLength(how.to - how.from);
    expect(greatestDifference(gpu, cpu)).toBeLessThan(EPSILON / 2);
    for (const { margin } of differentChoices(gpu, cpu)) expect(margin).toBeLessThan(EPSILON);
    for (const [i, { sample }] of gpu.entries()) {
      expect(Math.abs(sample.margin - cpu[i]!.sample.margin)).toBeLessThan(EPSILON);
      expect(sample.logprob).toBeCloseTo(cpu[i]!.sample.logprob, 4);
      for (const [j, value] of sample.projection.entries()) {
        expect(value).toBeCloseTo(cpu[i]!.sample.projection[j]!, 4);
      }
    }
  },
);
