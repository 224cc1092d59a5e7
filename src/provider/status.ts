import type { Hex } from '../core/bytes.ts';
import type { ErrorBody } from '../core/errors.ts';
import type { AttemptRef } from '../protocol/wire/job.ts';
import type { Attempt } from './attempt.ts';
import type { IncomeStatus } from './income/income-status.ts';

/** Why a connected provider has no work: said, and never left to be guessed. */
export type WaitReason = 'no_jobs' | 'relay_draining';

/** What the provider's connection and jobs are doing. */
export type LinkState =
  | { readonly name: 'idle' }
  /** `last` is why the previous connection ended; `retryAt` is set while it waits for the next try. */
  | {
      readonly name: 'connecting';
      readonly failures: number;
      readonly retryAt?: number;
      readonly last?: ErrorBody;
    }
  | { readonly name: 'waiting'; readonly reason: WaitReason }
  | { readonly name: 'serving' }
  | { readonly name: 'paused'; readonly reason: ErrorBody }
  /** Connected, and taking no jobs for the sake of the owner's money: the limit is reached, or figures do not fit. */
  | { readonly name: 'held'; readonly reason: ErrorBody }
  /** Nothing goes on by itself any more. */
  | { readonly name: 'error'; readonly error: ErrorBody };

/** One running attempt. */
export interface StreamStatus extends AttemptRef {
  readonly promptTokens: number;
  /** Tokens that other tabs delivered of this job before. */
  readonly prior: number;
  readonly tokens: number;
  readonly maxTokens: number;
  /** By its signed chunks, in pico. */
  readonly earned: string;
  readonly startedAt: number;
}

export interface RelayStatus {
  readonly url: string;
  readonly connected: boolean;
  /** The relay's account, once it has greeted. */
  readonly account?: Hex;
  /** The relay asks nobody to pay: jobs here earn nothing. */
  readonly free?: boolean;
  /** The relay's last complaint, if it had one. */
  readonly lastError?: ErrorBody;
}

/** All that a page or a test wants to know of a provider, in one object. */
export interface LinkStatus {
  readonly state: LinkState;
  readonly account: Hex;
  readonly relay: RelayStatus;
  readonly streams: readonly StreamStatus[];
  readonly slots: number;
  readonly tokensPerSecond: number;
  /** Vectors made, where a model for that is loaded. */
  readonly vectors?: number;
  /** Tokens decoded or embedded and jobs ended since lending began. */
  readonly tokens: number;
  readonly jobs: number;
  readonly unfinished: number;
  /** The money, where this relay pays. */
  readonly income?: IncomeStatus;
  /** Something that went wrong without costing a job. */
  readonly fault?: ErrorBody;
}

export function streamStatus({ assignment, earned, ids, startedAt }: Attempt): StreamStatus {
  const { job, lease, prompt, prior, maxTokens } = assignment;
  return {
    job,
    lease,
    promptTokens: prompt.length,
    prior: prior.length,
    tokens: ids.length,
    maxTokens,
    earned,
    startedAt,
  };
}
