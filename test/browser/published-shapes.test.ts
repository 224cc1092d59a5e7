/** Thin models of published families through the engine on WebGPU, and what is refused there. */
import { describe, expect, it } from 'vitest';
import { fromHalf } from '../../src/core/half.ts';
import { findAdapter } from '../../src/engine/gpu/gpu-device.ts';
import { HalfWidener } from '../../src/engine/kernels/half-widener.ts';
import { createOnnxEngine } from '../../src/engine/onnx/onnx-engine.ts';
import type { DecoderSizes } from '../../src/sim/decoder/decoder-sizes.ts';
import { createSyntheticDecoder } from '../../src/sim/decoder/synthetic-decoder.ts';
import { collect, expectSameTokens, request } from '../contract/engine-suite.ts';
import { softwareGpuRuntime } from './browser-engine.ts';

/** A software GPU takes seconds for what these families have. */
const THIN: Partial<DecoderSizes> = {
  hidden: 128,
  intermediate: 256,
  heads: 4,
  kvHeads: 2,
  headDim: 32,
  vocab: 1001,
  context: 128,
};
const external = 'model.onnx_data';

describe('on WebGPU', () => {
  it.each([
    [
      'Qwen3 q4, heads normalised in attention, weights read from a blob',
      'qwen3-0.6b',
      { dtype: 'q4', zeroPoints: true, headNorm: 'attention', external },
    ],
    ['Llama-3.2 fp32, num_logits_to_keep', 'llama-3.2-1b', { dtype: 'fp32', asksKept: true }],
  ] as const)('L3 %s decodes as it prefills, and in a batch as alone', async (_, shape, options) => {
    const { manifest, graph, data } = createSyntheticDecoder(shape, options, THIN);
    const blobs = data.map(({ name, content }) => ({ name, content: new Blob([content]) }));
    const runtime = await softwareGpuRuntime();
    const engine = await createOnnxEngine({ runtime, manifest, graph, data: blobs, slots: 2, context: 64 });
    const tokens = Array.from({ length: 20 }, (__, i) => (i * 7919 + 13) % 1001);
    const whole = await collect(engine.open(request({ tokens, maxTokens: 6 })));
    expect(new Set(whole.ids).size).toBeGreaterThan(2);
    const [same, rest] = await Promise.all([
      collect(engine.open(request({ tokens, maxTokens: 6 }))),
      collect(engine.open(request({ tokens: [...tokens, ...whole.ids.slice(0, 3)], maxTokens: 3 }))),
    ]);
    expectSameTokens(same, whole);
    expectSameTokens(rest, { ids: whole.ids.slice(3), samples: whole.samples.slice(3), end: 'length' });
    await engine.close();
  });

  it('F3 refuses half precision where the adapter has none', async () => {
    const model = createSyntheticDecoder('smollm2-135m', { dtype: 'q4f16' }, THIN);
    const options = { runtime: await softwareGpuRuntime(), slots: 1, ...model };
    await expect(createOnnxEngine(options)).rejects.toMatchObject({ code: 'f16_missing' });
  });

  it('F3 refuses a matrix that is larger than a buffer may be, with both sizes', async () => {
    const model = createSyntheticDecoder('smollm2-135m', { dtype: 'q4' }, { ...THIN, vocab: 2048 });
    // Nothing smaller can be asked for: so the device says less than it has.
    const runtime = await softwareGpuRuntime();
    const device = new Proxy(runtime.device, {
      get: (target, name) =>
        name === 'limits'
          ? { maxBufferSize: 100_000, maxStorageBufferBindingSize: 100_000 }
          : Reflect.get(target, name),
    });
    await expect(
      createOnnxEngine({ runtime: { ...runtime, device }, slots: 1, ...model }),
    ).rejects.toMatchObject({
      code: 'adapter_too_small',
      data: { tensor: 'lm_head.MatMul.weight_Q4G32', bytes: 2048 * 64, largest: 100_000 },
    });
  });
});

it('F3 widens every half as its definition says', async () => {
  const device = await (await findAdapter()).requestDevice();
  const halves = Uint16Array.from({ length: 65_536 }, (_, bits) => bits);
  const { STORAGE, COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage;
  const from = device.createBuffer({ size: 2 * 65_536, usage: STORAGE | COPY_DST });
  const to = device.createBuffer({ size: 4 * 65_536, usage: STORAGE | COPY_SRC });
  const back = device.createBuffer({ size: 4 * 65_536, usage: COPY_DST | MAP_READ });
  device.queue.writeBuffer(from, 0, halves);
  const widener = await HalfWidener.create(device, from, to);
  widener.submit(65_536);
  const commands = device.createCommandEncoder();
  commands.copyBufferToBuffer(to, 0, back, 0, 4 * 65_536);
  device.queue.submit([commands.finish()]);
  await back.mapAsync(GPUMapMode.READ);
  const floats = new Float32Array(back.getMappedRange());
  const wrong = [...halves].filter((bits) => !Object.is(floats[bits], fromHalf(bits)));
  expect(wrong).toEqual([]);
  widener.destroy();
  device.destroy();
});
