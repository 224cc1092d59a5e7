import { unreachable } from '../../core/errors.ts';
import type { GpuReport } from '../../provider/compute/engine-source.ts';
import type { FitObstacle, GpuMeasures, ModelFit } from '../../provider/compute/model-fit.ts';
import { describeBytes, describeRate } from './quantities.ts';

/** What an adapter has, each a name and a value for a list. */
export function describeGpu({
  gpuClass,
  software,
  details,
}: GpuReport): readonly (readonly [string, string])[] {
  const kind = software ? `${gpuClass}, in software` : gpuClass;
  if (!details) return [['Class', kind]];
  const features = [
    details.halfPrecision ? 'half precision' : 'no half precision',
    details.subgroups ? 'subgroups' : 'no subgroups',
  ];
  const { memory, maxBufferBytes, maxBindingBytes } = details;
  return [
    ['Class', kind],
    ['Features', features.join(', ')],
    ['Memory', memory.known ? describeBytes(memory.bytes) : `at least ${describeBytes(memory.bytes)}`],
    ['Largest tensor', describeBytes(Math.min(maxBufferBytes, maxBindingBytes))],
  ];
}

/** The two figures that decide what a GPU earns. */
export function describeMeasures({ gflops, gigabytesPerSecond }: GpuMeasures) {
  const [rate, unit] = gflops < 1_000 ? [gflops, 'GFLOP/s'] : [gflops / 1_000, 'TFLOP/s'];
  return {
    arithmetic: { value: describeRate(rate), unit },
    bandwidth: { value: describeRate(gigabytesPerSecond), unit: 'GB/s' },
  };
}

export interface FitWords {
  readonly tone: 'good' | 'unsure' | 'bad';
  readonly verdict: string;
  readonly reason: string;
}

export function describeFit({ fits, obstacle, needBytes }: ModelFit): FitWords {
  const reason = obstacle ? describeObstacle(obstacle) : '';
  const verdict = `needs ${describeBytes(needBytes)}`;
  switch (fits) {
    case 'yes':
      return { tone: 'good', verdict: 'Fits', reason: verdict };
    case 'unsure':
      return { tone: 'unsure', verdict: 'Try it', reason: `${verdict}; ${reason}` };
    case 'no':
      return { tone: 'bad', verdict: 'Does not fit', reason };
    default:
      return unreachable(fits);
  }
}

function describeObstacle(obstacle: FitObstacle): string {
  switch (obstacle) {
    case 'half_precision':
      return 'this GPU has no half precision';
    case 'budget':
      return 'it needs more memory than you allow';
    case 'memory':
      return 'the browser does not tell how much there is';
    case 'buffer':
      return 'a tensor is larger than this GPU takes: lower the streams at once';
    default:
      return unreachable(obstacle);
  }
}

/** What a model would give, of one stream and of all; nothing where the GPU was not measured. */
export function describeSpeed({ speed }: ModelFit): string | undefined {
  if (!speed) return undefined;
  const counts = Object.keys(speed.tokensPerSecond).map(Number);
  const most = Math.max(...counts);
  const all = speed.tokensPerSecond[most] ?? 0;
  if (most === 1) return `about ${describeRate(all)} tokens/s`;
  return `about ${describeRate(all)} tokens/s with ${most} streams, ${describeRate(speed.tokensPerSecond[1] ?? 0)} with one`;
}
