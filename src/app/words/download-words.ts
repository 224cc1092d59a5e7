import { unreachable } from '../../core/errors.ts';
import type { ModelProgress } from '../../provider/compute/engine-source.ts';
import { describeBytes, describeSeconds } from './quantities.ts';

/** How far a download is, and how it goes on: `12 MB of 48 MB, 3.1 MB/s, 11 s left`. */
export function describeProgress(
  { bytes, total, step, rate, leftMs, retry }: ModelProgress,
  now: number,
): string {
  const part = `${describeBytes(bytes)} of ${describeBytes(total)}`;
  switch (step) {
    case 'waiting':
      return `${part}, waiting for another tab that downloads it`;
    case 'checking':
      return `${part}, checking what is there`;
    case 'retrying': {
      const wait = (retry?.at ?? now) - now;
      const status = retry?.fault.data?.['status'];
      const why = typeof status === 'number' ? `the server answered ${status}` : 'connection lost';
      return `${part}, ${why}: ${wait > 0 ? `next try in ${describeSeconds(wait)}` : 'trying again'}`;
    }
    case 'receiving': {
      const left = leftMs === undefined ? '' : `, ${describeSeconds(leftMs)} left`;
      return `${part}${rate > 0 ? `, ${describeBytes(rate)}/s` : ''}${left}`;
    }
    case 'kept':
      return part;
    default:
      return unreachable(step);
  }
}
