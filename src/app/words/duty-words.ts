import { unreachable } from '../../core/errors.ts';
import type { LenderStatus } from '../../provider/compute/lender-status.ts';
import type { Reduction } from '../../provider/compute/footprint.ts';

/** How the tab gets along with its owner: a word for the state, what it may use, and why. */
export interface DutyWords {
  readonly title: string;
  readonly detail: string;
  /** Share of the GPU in use, 0 to 1. */
  readonly share: number;
}

export function describeDuty({ state, duty }: LenderStatus): DutyWords | undefined {
  if (state.name === 'unloaded')
    return { title: 'Handed back', detail: 'Nothing of it is in use.', share: 0 };
  if (!duty) return undefined;
  const { mode, share, cooling, watches } = duty;
  if (state.name === 'paused' && state.reason.code !== 'yielding') {
    return { title: 'Paused', detail: 'Nothing of it is in use. The model waits in its memory.', share: 0 };
  }
  switch (mode) {
    case 'yielding':
      return { title: 'Yielding', detail: 'Something else uses the GPU: it goes first.', share: 0 };
    case 'eased':
      return cooling
        ? { title: 'Easing off', detail: 'Steps have become slower: the GPU gets time to cool.', share }
        : { title: 'Easing off', detail: 'Something else may be using the GPU.', share };
    case 'full':
      return {
        title: share < 1 ? 'Your share' : 'All of it',
        detail: watches
          ? 'It steps back by itself when you need the GPU.'
          : 'It does not watch for what else you run: that is off, or of no use where the CPU does the work.',
        share,
      };
    default:
      return unreachable(mode);
  }
}

/** What was given up so that the model fits. */
export function describeReduction({ slots, context, reason }: Reduction): string {
  const streams = slots === 1 ? 'one stream' : `${slots} streams`;
  const length = context ? ` of ${context} tokens` : '';
  return `Serving ${streams}${length} at once, less than you set: ${reason.message}`;
}

export function describePercent(share: number): string {
  return `${Math.round(100 * share)}%`;
}
