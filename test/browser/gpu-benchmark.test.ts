/** What the page says of a GPU before a model ran: measured in bounded time, and only where the results are right. */
import { expect, test } from 'vitest';
import { measureGpu } from '../../src/engine/gpu/gpu-benchmark.ts';
import { findAdapter, openDevice } from '../../src/engine/gpu/gpu-device.ts';

async function open(): Promise<GPUDevice> {
  return (await openDevice(await findAdapter())).device;
}

test('a software GPU is measured in bounded time', async () => {
  const device = await open();
  const faults: string[] = [];
  device.addEventListener('uncapturederror', ({ error }) => faults.push(error.message));
  const measures = await measureGpu(device);
  console.log(JSON.stringify(measures));
  expect(measures.gflops).toBeGreaterThan(0.05);
  expect(measures.gflops).toBeLessThan(2_000);
  expect(measures.gigabytesPerSecond).toBeGreaterThan(0.05);
  expect(measures.gigabytesPerSecond).toBeLessThan(500);
  expect(measures.dispatchMicros).toBeGreaterThan(0);
  expect(measures.side).toBeGreaterThanOrEqual(128);
  // A second on an idle machine; tests share theirs.
  expect(measures.ms).toBeLessThan(8_000);
  expect(faults).toEqual([]);
  device.destroy();
});

test.each([
  ['matmul', 'l.y * r1', 'l.y * r1 * 1.0001'],
  ['reading', 'sum += words[i];', 'sum += words[i] & vec4u(0xfffffffeu);'],
])('a GPU that computes wrongly is noticed: %s', async (what, right, wrong) => {
  const device = await open();
  const create = device.createShaderModule.bind(device);
  let broken = 0;
  device.createShaderModule = ({ code, ...rest }) => {
    if (code.includes(right)) broken++;
    return create({ ...rest, code: code.replace(right, wrong) });
  };
  await expect(measureGpu(device)).rejects.toMatchObject({ code: 'gpu_miscomputes', data: { what } });
  expect(broken).toBeGreaterThan(0);
  device.destroy();
});

test('it can be cancelled, and a loss in its midst is told', async () => {
  const device = await open();
  const stop = new AbortController();
  const cancelled = measureGpu(device, { signal: stop.signal });
  stop.abort();
  await expect(cancelled).rejects.toMatchObject({ code: 'aborted' });
  const lost = measureGpu(device);
  device.destroy();
  await expect(lost).rejects.toMatchObject({ code: 'device_lost' });
});
