/** A step late in a stream costs what it must: nothing is computed again, nothing allocated that grows. */
import { expect, test } from 'vitest';
import { Batch } from '../../src/engine/onnx/batch.ts';
import { createWebGpuDecoder } from '../../src/engine/onnx/webgpu-decoder.ts';
import { fetchModel, softwareGpuRuntime } from './browser-engine.ts';
import { readShape } from '../contract/teacher-forcing.ts';

test(
  'a step at position 900 allocates no more on the GPU than one at 100',
  { timeout: 60_000, retry: 2 },
  async () => {
    const runtime = await softwareGpuRuntime();
    let allocated = 0;
    const createBuffer = runtime.device.createBuffer.bind(runtime.device);
    runtime.device.createBuffer = (descriptor) => {
      allocated += descriptor.size;
      return createBuffer(descriptor);
    };
    const { manifest, graph } = await fetchModel();
    const decoder = await createWebGpuDecoder(
      runtime,
      { graph },
      await readShape(graph, manifest, 1),
      performance,
    );
    const batch = new Batch(1);
    const step = async (position: number): Promise<number> => {
      batch.rows = 1;
      batch.tokens[0] = position;
      batch.positions[0] = position;
      batch.draws[0] = { temperature: 1, seed: { low: 1, high: 2 }, choice: 0, position: position + 1 };
      const began = performance.now();
      await decoder.step(batch);
      return performance.now() - began;
    };
    const measure = async (first: number): Promise<{ bytes: number; ms: number }> => {
      for (let i = 0; i < 4; i++) await step(first + i);
      const before = allocated;
      const times: number[] = [];
      for (let i = 4; i < 24; i++) times.push(await step(first + i));
      return { bytes: (allocated - before) / 20, ms: times.sort((a, b) => a - b)[10]! };
    };
    const [early, late] = [await measure(100), await measure(900)];
    await decoder.close();
    runtime.device.destroy();
    // The cache alone is 2 MiB.
    expect(late.bytes).toBeLessThanOrEqual(early.bytes + 4096);
    expect(late.bytes).toBeLessThan(64 * 1024);
    // Feeding the tokens again would take over ten times as long.
    expect(late.ms).toBeLessThan(4 * early.ms);
  },
);
