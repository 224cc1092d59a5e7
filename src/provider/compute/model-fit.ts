import type { GpuMeasures } from '../../engine/gpu/gpu-benchmark.ts';
import type { GpuProbe } from '../../engine/gpu/gpu-device.ts';
import { estimateSpeed, type SpeedEstimate } from '../../engine/gpu/speed-estimate.ts';
import { memoryNeed } from '../../engine/models/memory-need.ts';
import type { ModelManifest } from '../../protocol/wire/model-manifest.ts';

export type { GpuMeasures };

/** What keeps a model off a GPU, or makes it doubtful. */
export type FitObstacle = 'half_precision' | 'budget' | 'memory' | 'buffer';

/** Whether a model can be served here, and how fast: an estimate until it ran. */
export interface ModelFit {
  /** The public id. */
  readonly id: string;
  readonly needBytes: number;
  /** `unsure`: it needs more than this browser admits to; starting it shows. */
  readonly fits: 'yes' | 'unsure' | 'no';
  readonly obstacle?: FitObstacle;
  /** Where the GPU was measured. Of one stream and of all slots. */
  readonly speed?: SpeedEstimate;
}

export interface FitWish {
  readonly slots: number;
  /** The owner's; 0: none. */
  readonly memoryBytes: number;
}

const FLOAT_BYTES = 4;
/** Bytes of a weight, scales of blocks included. */
const WEIGHT_BYTES = { fp32: 4, fp16: 2, q4: 0.6, q4f16: 0.57 } as const;

export function fitModel(
  id: string,
  manifest: ModelManifest,
  variant: string,
  gpu: GpuProbe,
  { slots, memoryBytes }: FitWish,
  measures?: GpuMeasures,
): ModelFit {
  const needBytes = memoryNeed(manifest, variant, slots);
  const speed = measures && speedOf(manifest, variant, slots, measures);
  const fit = (fits: ModelFit['fits'], obstacle?: FitObstacle): ModelFit => ({
    id,
    needBytes,
    fits,
    ...(obstacle ? { obstacle } : {}),
    ...(speed ? { speed } : {}),
  });
  const dtype = manifest.variants[variant]?.dtype ?? 'fp32';
  if ((dtype === 'fp16' || dtype === 'q4f16') && !gpu.halfPrecision) return fit('no', 'half_precision');
  if (memoryBytes > 0 && needBytes > memoryBytes) return fit('no', 'budget');
  if (largestBuffer(manifest, slots) > Math.min(gpu.maxBufferBytes, gpu.maxBindingBytes)) {
    return fit('no', 'buffer');
  }
  if (needBytes <= gpu.memory.bytes) return fit('yes');
  return fit(gpu.memory.known ? 'no' : 'unsure', 'memory');
}

/** One layer's keys of all streams, or the logits: weights come in parts where they are large. */
function largestBuffer({ architecture, context }: ModelManifest, slots: number): number {
  if (architecture.kind !== 'decoder') return 0;
  const { kvHeads, headDim, vocab } = architecture;
  return slots * FLOAT_BYTES * Math.max(kvHeads * headDim * context, vocab);
}

function speedOf(
  { architecture, variants }: ModelManifest,
  variant: string,
  slots: number,
  measures: GpuMeasures,
): SpeedEstimate | undefined {
  if (architecture.kind !== 'decoder') return undefined;
  const { parameters, layers, kvHeads, headDim } = architecture;
  const load = {
    parameters,
    layers,
    weightBytes: parameters * WEIGHT_BYTES[variants[variant]?.dtype ?? 'fp32'],
    cacheBytesPerToken: 2 * layers * kvHeads * headDim * FLOAT_BYTES,
  };
  return estimateSpeed(measures, load, [1, slots]);
}
