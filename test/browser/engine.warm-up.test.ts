import { expect, test } from 'vitest';
import { createOnnxEngine } from '../../src/engine/onnx/onnx-engine.ts';
import { collect, request } from '../contract/engine-suite.ts';
import { fetchModel, softwareGpuRuntime } from './browser-engine.ts';

test('after the warm-up no stream waits for a shader', { timeout: 60_000 }, async () => {
  const runtime = await softwareGpuRuntime();
  const compiled: string[] = [];
  const create = runtime.device.createShaderModule.bind(runtime.device);
  runtime.device.createShaderModule = (descriptor) => {
    compiled.push(descriptor.label ?? '');
    return create(descriptor);
  };
  let last = [0, 1];
  const engine = await createOnnxEngine({
    runtime,
    slots: 3,
    context: 128,
    ...(await fetchModel()),
    onWarmUp: (done, total) => (last = [done, total]),
  });
  expect(last[0]).toBe(last[1]);
  expect(compiled.length).toBeGreaterThan(10);
  compiled.length = 0;
  for (const length of [70, 14, 2]) {
    const tokens = Array.from({ length }, (_, i) => (i * 31) % 2048);
    await Promise.all(
      [0, 1, 2].map((choice) => collect(engine.open(request({ tokens, choice, maxTokens: 3 })))),
    );
  }
  expect(compiled).toEqual([]);
  await engine.close();
  runtime.device.destroy();
});
