/** What the WebGPU engine makes of its device: what it is, that it is lost, that a new one works. */
import { expect, test } from 'vitest';
import { findAdapter, openDevice, probeAdapter } from '../../src/engine/gpu/gpu-device.ts';
import { createOnnxEngine, type OnnxEngine } from '../../src/engine/onnx/onnx-engine.ts';
import { loadWebGpuRuntime } from '../../src/engine/runtimes/webgpu-runtime.ts';
import { collect, request } from '../contract/engine-suite.ts';
import { fetchModel, softwareGpuRuntime } from './browser-engine.ts';

async function create(selfTest = false): Promise<{ engine: OnnxEngine; device: GPUDevice }> {
  const runtime = await softwareGpuRuntime();
  const engine = await createOnnxEngine({
    runtime,
    slots: 2,
    context: 96,
    selfTest,
    ...(await fetchModel()),
  });
  return { engine, device: runtime.device };
}

test('the probe knows a software adapter, and does not ask for subgroups that are too small', async () => {
  const probe = probeAdapter(await findAdapter());
  expect(probe).toMatchObject({ gpuClass: 'google/swiftshader', software: true, subgroups: false });
  expect(probe.name).not.toBe('');
  expect(probe.maxBufferBytes).toBeGreaterThan(2 ** 27);
  const { device } = await openDevice(await findAdapter());
  expect(device.features.has('subgroups')).toBe(false);
  expect(device.limits.maxBufferSize).toBe(probe.maxBufferBytes);
  device.destroy();
});

test('without WebGPU, or without an adapter, the probe says which', async () => {
  await expect(findAdapter(null as never)).rejects.toMatchObject({ code: 'webgpu_missing' });
  const none = { requestAdapter: () => Promise.resolve(null) } as unknown as GPU;
  await expect(findAdapter(none)).rejects.toMatchObject({ code: 'adapter_missing' });
});

test(
  'a lost device ends all streams at once, and an engine on a new one goes on',
  { timeout: 60_000 },
  async () => {
    const { engine, device } = await create();
    const streams = [1, 2, 3].map(() => collect(engine.open(request({ maxTokens: 80 }))));
    const ends = streams.map((stream) => expect(stream).rejects.toMatchObject({ code: 'device_lost' }));
    // The first token of all is on its way to the device by now, or back from it.
    await expect.poll(() => engine.timings().tokens, { timeout: 30_000, interval: 1 }).toBeGreaterThan(0);
    device.destroy();
    await Promise.all(ends);
    expect(engine.timings()).toMatchObject({ active: 0, waiting: 0 });
    expect(() => engine.open(request())).toThrow(expect.objectContaining({ code: 'device_lost' }));
    await engine.close();

    const next = await create(true);
    const { ids } = await collect(next.engine.open(request({ maxTokens: 2 })));
    expect(ids).toHaveLength(2);
    await next.engine.close();
    // The device is the caller's: it outlives the engine.
    next.device.createBuffer({ size: 16, usage: GPUBufferUsage.STORAGE }).destroy();
    next.device.destroy();
  },
);

test(
  'a cache that does not fit is refused before anything is loaded onto the GPU',
  { timeout: 30_000 },
  async () => {
    const runtime = await loadWebGpuRuntime(await openDevice(await findAdapter()));
    await expect(
      createOnnxEngine({ runtime, slots: 100_000, ...(await fetchModel()) }),
    ).rejects.toMatchObject({
      code: 'out_of_memory',
    });
    runtime.device.destroy();
  },
);

test('F2 what is no graph is refused, with the place', { timeout: 30_000 }, async () => {
  const { manifest } = await fetchModel();
  const runtime = await softwareGpuRuntime();
  const graph = new Uint8Array([8, 10, 58, 1]);
  await expect(createOnnxEngine({ runtime, slots: 1, manifest, graph })).rejects.toMatchObject({
    code: 'graph_invalid',
    data: { at: 3 },
  });
  runtime.device.destroy();
});

test('a GPU that computes wrongly is refused', { timeout: 60_000 }, async () => {
  const adapter = await findAdapter();
  // What `openDevice` avoids: see there.
  const device = await adapter.requestDevice({ requiredFeatures: ['subgroups'] });
  const runtime = await loadWebGpuRuntime({ device, ...probeAdapter(adapter) });
  const options = { runtime, slots: 1, context: 96, ...(await fetchModel()) };
  await expect(createOnnxEngine({ ...options, selfTest: true })).rejects.toMatchObject({
    code: 'gpu_miscomputes',
    data: { gpuClass: 'google/swiftshader' },
  });
  device.destroy();
});

test('two engines in one page take turns', { timeout: 60_000 }, async () => {
  const made = await Promise.all([create(), create()]);
  const orders = made.map(({ engine }, i) => {
    const seed = `0x000000000000000${i}`;
    return collect(engine.open(request({ maxTokens: 6, seed })));
  });
  const [one, other] = await Promise.all(orders);
  expect(one!.ids).toHaveLength(6);
  expect(other!.ids).toHaveLength(6);
  for (const { engine, device } of made) {
    await engine.close();
    device.destroy();
  }
});
