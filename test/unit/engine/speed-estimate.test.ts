import { describe, expect, it } from 'vitest';
import type { GpuMeasures } from '../../../src/engine/gpu/gpu-benchmark.ts';
import { estimateSpeed, type ModelLoad } from '../../../src/engine/gpu/speed-estimate.ts';

const gpu: GpuMeasures = {
  gflops: 4_000,
  gigabytesPerSecond: 800,
  dispatchMicros: 5,
  side: 2048,
  bytes: 2 ** 29,
  timestamps: true,
  ms: 500,
};
/** About a model of 1.2 B parameters in four bits. */
const model: ModelLoad = { weightBytes: 7e8, cacheBytesPerToken: 65_536, parameters: 1.2e9, layers: 16 };

describe('what to expect of a model', () => {
  it('is bound by reading its weights, so that streams share the cost', () => {
    const { tokensPerSecond: rate, prefillPerSecond } = estimateSpeed(gpu, model, [1, 8]);
    // 0.7 GB and 34 MB of cache at 600 GB/s, and 192 kernels.
    expect(rate[1]).toBeCloseTo(1 / (0.734e9 / 600e9 + 0.00096), -1);
    expect(rate[8]! / rate[1]!).toBeGreaterThan(2);
    expect(rate[8]! / rate[1]!).toBeLessThan(8);
    expect(prefillPerSecond).toBeCloseTo(3e12 / 2.4e9, 0);
  });

  it('is bound by arithmetic where there is little of it', () => {
    const { tokensPerSecond: rate } = estimateSpeed({ ...gpu, gflops: 4 }, model, [1, 8]);
    expect(rate[8]! / rate[1]!).toBeCloseTo(1, 1);
  });

  it('grows with bandwidth and shrinks with weights, always', () => {
    for (const factor of [1.5, 4, 20]) {
      const faster = { ...gpu, gigabytesPerSecond: gpu.gigabytesPerSecond * factor };
      const heavier = { ...model, weightBytes: model.weightBytes * factor };
      const rate = (of: GpuMeasures, load: ModelLoad): number =>
        estimateSpeed(of, load, [1]).tokensPerSecond[1]!;
      expect(rate(faster, model)).toBeGreaterThan(rate(gpu, model));
      expect(rate(gpu, heavier)).toBeLessThan(rate(gpu, model));
    }
  });
});
