import type { Clock } from '../../core/clock.ts';
import type { Duty } from '../duty/duty.ts';
import { DutyController } from '../duty/duty-controller.ts';
import type { OwnerLimits } from '../duty/owner-limits.ts';
import type { Provider } from '../provider.ts';
import { Tally } from '../tally.ts';
import type { EngineOrder, LoadedEngine } from './engine-source.ts';
import type { Reduction } from './footprint.ts';
import { Recovery } from './recovery.ts';

/** What the owner chose before pressing start. */
export interface LendingOrder extends EngineOrder, OwnerLimits {
  readonly relayUrl: string;
  /** What the relay may owe before this tab takes no more jobs, in pico as a decimal string. */
  readonly creditLimit: string;
}

/** An engine that stood this long did not fail at once. */
const GOOD_MS = 60_000;

/** One lending, from start to stop, over all engines that it takes. */
export interface Run {
  readonly order: LendingOrder;
  readonly stop: AbortController;
  readonly tally: Tally;
  readonly recovery: Recovery;
  /** What is known of this engine's steps: a recovery does not forget it. */
  readonly controller: DutyController;
  limits: OwnerLimits;
  /** Less than was ordered, where that did not fit. */
  reduction?: Reduction;
  release?: () => void;
  loaded?: LoadedEngine;
  provider?: Provider;
  duty?: Duty;
  /** The engine was taken down for its owner; resuming loads it again. */
  unloaded: boolean;
  /** Tokens and jobs when the engine of now was loaded. */
  tokensBefore: number;
  jobsBefore: number;
  loadedAt: number;
}

export function createRun(order: LendingOrder, stop: AbortController, clock: Clock): Run {
  return {
    order,
    stop,
    tally: new Tally(clock),
    recovery: new Recovery(),
    controller: new DutyController(),
    limits: order,
    unloaded: false,
    tokensBefore: 0,
    jobsBefore: 0,
    loadedAt: 0,
  };
}

/** Whether the engine of now gave tokens, or stood for a while. */
export function hasWorked({ tally, tokensBefore, loadedAt }: Run, now: number): boolean {
  return tally.tokens > tokensBefore || now - loadedAt > GOOD_MS;
}
