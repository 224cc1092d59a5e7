import { type ErrorBody, unreachable } from '../../core/errors.ts';
import type { LenderState, LenderStatus } from '../../provider/compute/lender-status.ts';
import { describeProgress } from './download-words.ts';
import { describeSeconds, describeTime } from './quantities.ts';

/** How the page says what is going on: a headline, and a sentence with the reason or what happens next. */
export interface StateWords {
  readonly tone: 'quiet' | 'busy' | 'glow' | 'bad';
  readonly title: string;
  readonly detail: string;
}

export function describeState(status: LenderStatus | undefined, modelName: string, now: number): StateWords {
  const state: LenderState = status?.state ?? { name: 'idle' };
  switch (state.name) {
    case 'idle':
      return {
        tone: 'quiet',
        title: 'Your GPU is idle',
        detail: `Start, and ${modelName} loads in this tab. Jobs from the relay then run here until you stop.`,
      };
    case 'loading':
      return { tone: 'busy', ...describeLoading(state, modelName, now) };
    case 'connecting':
      return { tone: 'busy', ...describeConnecting(state, now) };
    case 'waiting':
      return { tone: 'busy', ...describeWaiting(state, modelName) };
    case 'serving': {
      const count = status?.streams.length ?? 0;
      const free = status?.relay.free ? ' This relay is free of charge: they earn nothing.' : '';
      return {
        tone: 'glow',
        title: count === 1 ? 'Serving one stream' : `Serving ${count} streams`,
        detail: `${count} of ${status?.slots ?? count} slots are in use.${free}`,
      };
    }
    case 'paused':
      return describePause(state.reason);
    case 'unloaded':
      return {
        tone: 'quiet',
        title: 'The GPU is all yours',
        detail: `${capitalise(modelName)} was taken out of its memory. Resuming loads it again, without a download.`,
      };
    case 'recovering':
      return {
        tone: 'busy',
        title: 'Starting the GPU anew',
        detail: `${state.reason.message} Its jobs went on elsewhere, and it costs you nothing.`,
      };
    case 'held':
      return {
        tone: 'bad',
        title: 'Online, but not lending',
        detail: `${state.reason.message} Lending goes on by itself as soon as that is settled.`,
      };
    case 'error':
      return {
        tone: 'bad',
        title: 'Not lending',
        detail: 'Something went wrong. What helps is said at the top of the page.',
      };
    default:
      return unreachable(state);
  }
}

/** Whose pause it is: the owner's own, or what else the page saw. */
function describePause({ code, message, data }: ErrorBody): StateWords {
  switch (code) {
    case 'paused':
      return {
        tone: 'quiet',
        title: 'Paused',
        detail: 'The GPU is yours. The model stays loaded, so that resuming takes no time.',
      };
    case 'yielding':
      return {
        tone: 'quiet',
        title: 'Yielding to you',
        detail:
          'Something else uses the GPU, and it goes first. The jobs went on elsewhere; lending goes on by itself when the GPU is free.',
      };
    case 'snoozed':
      return {
        tone: 'quiet',
        title: 'Snoozed',
        detail: `The GPU is yours until ${describeTime(Number(data?.['until'] ?? 0)).slice(0, 5)}. Then lending goes on by itself.`,
      };
    case 'on_battery':
      return {
        tone: 'quiet',
        title: 'Paused: on battery',
        detail: 'Lending goes on by itself when the machine is plugged in. The settings can change that.',
      };
    default:
      return { tone: 'quiet', title: 'Paused', detail: `${message} Lending goes on by itself afterwards.` };
  }
}

/** Whether only the owner ends the pause, and not what made the page pause by itself. */
export function isOwnPause(state: LenderState | undefined): boolean {
  return state?.name !== 'paused' || state.reason.code === 'paused' || state.reason.code === 'snoozed';
}

/** What the button says that ends a pause. */
export function describeResume(state: LenderState | undefined): string {
  return isOwnPause(state) ? 'Resume' : 'Lend all the same';
}

function capitalise(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function describeLoading(
  { progress }: Extract<LenderState, { name: 'loading' }>,
  modelName: string,
  now: number,
) {
  if (progress.phase === 'download') {
    return {
      title: `Downloading ${modelName}`,
      detail: `${describeProgress(progress, now)}. The browser keeps it for the next time.`,
    };
  }
  return { title: `Preparing ${modelName}`, detail: 'The model’s kernels are being compiled for this GPU.' };
}

function describeConnecting(
  { failures, retryAt, last }: Extract<LenderState, { name: 'connecting' }>,
  now: number,
) {
  if (failures === 0 || !last) return { title: 'Calling the relay', detail: 'This takes a moment.' };
  const next = retryAt === undefined ? 'Trying again now.' : `Next try in ${describeSeconds(retryAt - now)}.`;
  return { title: 'Not connected, not earning', detail: `${last.message} ${next}` };
}

function describeWaiting({ reason }: Extract<LenderState, { name: 'waiting' }>, modelName: string) {
  switch (reason) {
    case 'no_jobs':
      return {
        title: 'Online, but not earning',
        detail: `The relay has no job for ${modelName} right now. The next one starts here at once.`,
      };
    case 'relay_draining':
      return {
        title: 'Online, but not earning',
        detail: 'The relay is about to restart and gives out no jobs. This tab reconnects by itself.',
      };
    default:
      return unreachable(reason);
  }
}

/** What an attempt's end is called in the list of receipts. */
export function describeEnd(ended: string): string {
  const words: Readonly<Record<string, string>> = {
    finished: 'Finished',
    cancelled: 'Cancelled',
    paused: 'Handed back: pause',
    yielding: 'Handed back: GPU in use',
    output_not_finite: 'Handed back: no finite numbers',
    out_of_memory: 'Handed back: out of memory',
    stopped: 'Handed back: stop',
    credit_limit: 'Handed back: limit reached',
    connection_lost: 'Connection lost',
    device_lost: 'Handed back: GPU lost',
    closed: 'Handed back: stop',
  };
  return words[ended] ?? `Handed back: ${ended.replaceAll('_', ' ')}`;
}
