/** WebGPU against WebAssembly, whose bits are the same in Node, where they are held against the CPU and PyTorch. */
import { beforeAll, expect, test } from 'vitest';
import type { WasmRuntime } from '../../src/engine/onnx/runtime.ts';
import { createWasmDecoder } from '../../src/engine/onnx/wasm-decoder.ts';
import { createWebGpuDecoder } from '../../src/engine/onnx/webgpu-decoder.ts';
import { loadWasmRuntime } from '../../src/engine/runtimes/wasm-runtime.ts';
import { EPSILON } from '../../src/protocol/constants.ts';
import { differentChoices, forceTokens, greatestDifference, readShape } from '../contract/teacher-forcing.ts';
import { fetchModel, softwareGpuRuntime } from './browser-engine.ts';

/** Some text of the model's own: what matters is that it is not one token over and over. */
const tokens = Array.from({ length: 80 }, (_, i) => (i === 0 ? 0 : (i * i * 31 + 7 * i) % 2048));

let wasm: WasmRuntime;
beforeAll(async () => {
  wasm = await loadWasmRuntime();
});

/** Writes down which shaders are compiled on a device, as they are in the end. */
function watchShaders(device: GPUDevice): { label: string; code: string }[] {
  const seen: { label: string; code: string }[] = [];
  const create = device.createShaderModule.bind(device);
  device.createShaderModule = (descriptor) => {
    seen.push({ label: descriptor.label ?? '', code: descriptor.code });
    return create(descriptor);
  };
  return seen;
}

// Attention has a kernel for 32 tokens and more, one for one token and one for some; over more than 64 positions their
// results are put together by another. Matrices are multiplied by tiles of 8 rows or of 32.
test.each([
  { shaders: 'ONNX Runtime’s', variant: 'fp32', from: 70, to: 72, rows: 2, piece: 40 },
  { shaders: 'our', variant: 'fp32', from: 70, to: 73, rows: 8, piece: 40 },
  { shaders: 'our', variant: 'fp32', from: 75, to: 78, rows: 1, piece: 13 },
  { shaders: 'our', variant: 'fp32', from: 0, to: 3, rows: 3, piece: 64 },
  { shaders: 'our', variant: 'q4', from: 33, to: 34, rows: 1, piece: 64 },
])(
  'S3: with $shaders shaders, after $from tokens in pieces of $piece, $rows rows of the $variant model have the logits of wasm',
  { timeout: 60_000 },
  async ({ shaders, variant, ...how }) => {
    const webgpu = await softwareGpuRuntime();
    const compiled = watchShaders(webgpu.device);
    const { manifest, graph } = await fetchModel('shakespeare-1m', variant);
    const shape = await readShape(graph, manifest, how.rows, 128);
    const runtime = { ...webgpu, software: shaders === 'our' };
    const onGpu = await createWebGpuDecoder(runtime, { graph }, shape, performance);
    const onWasm = await createWasmDecoder(wasm.module, { graph }, shape, performance);
    const [gpu, cpu] = [await forceTokens(onGpu, tokens, how), await forceTokens(onWasm, tokens, how)];
    await Promise.all([onGpu.close(), onWasm.close()]);
    webgpu.device.destroy();

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
    // An update of ONNX Runtime may bring shaders that are no longer recognised.
    const originals = compiled
      .filter(({ code }) => /mm_Asub|inner_qk_values/.test(code))
      .map(({ label }) => label);
    if (shaders === 'our') expect(originals).toEqual([]);
    else expect(new Set(originals)).toEqual(new Set(['MatMul', 'FlashAttentionDecodeQKV']));
  },
);
