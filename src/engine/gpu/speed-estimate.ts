import type { GpuMeasures } from './gpu-benchmark.ts';

/** What of a model decides how fast it can be. */
export interface ModelLoad {
  /** Bytes of weights, all of which a decode step reads. */
  readonly weightBytes: number;
  /** Bytes of keys and values of one token of a stream. */
  readonly cacheBytesPerToken: number;
  readonly parameters: number;
  readonly layers: number;
}

export interface SpeedEstimate {
  /** Of all streams together, by their number. */
  readonly tokensPerSecond: Readonly<Record<number, number>>;
  /** Of a prompt, in tokens a second. */
  readonly prefillPerSecond: number;
}

/** Kernels of one layer in a fused graph. */
const KERNELS_PER_LAYER = 12;
/** Positions that a stream's step reads the cache of, as a guess. */
const USUAL_LENGTH = 512;
/** Graphs reach this share of what a plain loop over memory reaches. */
const EFFICIENCY = 0.75;

/**
 * What to expect of a model on a GPU, before it ran. A decode step reads all weights once, however many streams share
 * it, and each stream's cache; it multiplies once for each parameter and stream; and it starts a dozen kernels a layer.
 * It takes what is longest of the first two, and the third on top.
 */
export function estimateSpeed(
  measures: GpuMeasures,
  load: ModelLoad,
  streams: readonly number[],
): SpeedEstimate {
  const { weightBytes, cacheBytesPerToken, parameters, layers } = load;
  const bytesPerSecond = EFFICIENCY * measures.gigabytesPerSecond * 1e9;
  const flops = EFFICIENCY * measures.gflops * 1e9;
  const start = (KERNELS_PER_LAYER * layers * measures.dispatchMicros) / 1e6;
  const step = (rows: number): number => {
    const reading = (weightBytes + rows * USUAL_LENGTH * cacheBytesPerToken) / bytesPerSecond;
    return Math.max(reading, (2 * parameters * rows) / flops) + start;
  };
  return {
    tokensPerSecond: Object.fromEntries(streams.map((rows) => [rows, rows / step(rows)])),
    prefillPerSecond: flops / (2 * parameters),
  };
}
