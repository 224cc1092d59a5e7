import type { Hex } from '../../core/bytes.ts';
import type { ErrorBody } from '../../core/errors.ts';
import type { EngineCapabilities } from '../../engine/engine.ts';
import type { LinkState, LinkStatus } from '../status.ts';
import type { DutyStatus } from '../duty/duty.ts';
import { cureOf } from './cures.ts';
import type { GpuReport, LoadProgress } from './engine-source.ts';
import type { Reduction } from './footprint.ts';

/** An error as the page shows it: what happened, and what helps. */
export interface CuredError extends ErrorBody {
  readonly cure: string;
}

export type LenderState =
  | Exclude<LinkState, { name: 'error' | 'held' }>
  | { readonly name: 'held'; readonly reason: CuredError }
  /** The engine failed for this reason; another is being made. */
  | { readonly name: 'recovering'; readonly model: string; readonly reason: CuredError }
  /** The owner took the memory back; resuming loads the model again. */
  | { readonly name: 'unloaded' }
  | { readonly name: 'loading'; readonly model: string; readonly progress: LoadProgress }
  | { readonly name: 'error'; readonly error: CuredError };

/** The one object that the compute worker tells the page, at most a few times a second. */
export interface LenderStatus extends Omit<LinkStatus, 'state' | 'account'> {
  readonly state: LenderState;
  readonly account?: Hex;
  readonly gpu?: GpuReport;
  /** The loaded model's public id, and what runs it. */
  readonly model?: string;
  readonly engine?: EngineCapabilities;
  /** Mean decode step of late, in ms. */
  readonly stepMs: number;
  /** Attempts written to the history in this life of the worker: a list that shows another number is stale. */
  readonly kept: number;
  /** How the tab gets along with its owner's own work, once an engine is loaded. */
  readonly duty?: DutyStatus;
  /** Fewer streams or a shorter context than ordered, because memory does not allow more. */
  readonly reduction?: Reduction;
  /** How often an engine had to be built anew since lending began. */
  readonly recoveries: number;
}

/** The connection's state as the owner reads it. */
export function curedState(state: LinkState): LenderState {
  if (state.name === 'error') return { name: 'error', error: curedError(state.error) };
  if (state.name === 'held') return { name: 'held', reason: curedError(state.reason) };
  return state;
}

export function curedError(error: ErrorBody): CuredError {
  return { ...error, cure: cureOf(error.code) };
}
