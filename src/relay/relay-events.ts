import type { Hex } from '../core/bytes.ts';
import type { Finish } from '../protocol/wire/job.ts';
import type { Hello } from '../protocol/wire/messages.ts';

/** A job that went on at another provider; times in ms. */
export interface Move {
  readonly at: number;
  readonly job: Hex;
  /** The lease that ended, its provider, and who went on. */
  readonly lease: number;
  readonly from: Hex;
  readonly to: Hex;
  readonly code: string;
  /** Ids accepted before the move. */
  readonly accepted: number;
  /** From the last frame heard of the provider to its loss being declared; 0 for a hand-back. */
  readonly detectionMs: number;
  /** From the loss being declared to the first new id. */
  readonly resumptionMs: number;
}

/** What happens at a relay, for whoever runs it: the demo, benches, figures. Never contents of jobs. */
export type RelayEvent =
  | {
      readonly type: 'providerReady';
      at: number;
      account: Hex;
      gpu: Hello['gpu'];
      models: string[];
      slots: number;
    }
  | {
      readonly type: 'providerLost';
      at: number;
      account: Hex;
      code: string;
      silentMs: number;
      leases: number;
    }
  | { readonly type: 'ruleBroken'; at: number; account: Hex | undefined; code: string; message: string }
  | { readonly type: 'jobWaiting'; at: number; job: Hex; model: string; position: number }
  | {
      readonly type: 'jobAssigned';
      at: number;
      job: Hex;
      lease: number;
      model: string;
      provider: Hex;
      waitedMs: number;
    }
  | {
      readonly type: 'jobInterrupted';
      at: number;
      job: Hex;
      lease: number;
      provider: Hex;
      code: string;
      accepted: number;
      detectionMs: number;
    }
  | ({ readonly type: 'jobMoved' } & Move)
  | {
      readonly type: 'jobFinished';
      at: number;
      job: Hex;
      model: string;
      finish: Finish;
      tokens: number;
      leases: number;
      firstTokenMs: number;
      totalMs: number;
    }
  | {
      readonly type: 'embedFinished';
      at: number;
      job: Hex;
      model: string;
      inputs: number;
      promptTokens: number;
      leases: number;
      totalMs: number;
    }
  | { readonly type: 'jobFailed'; at: number; job: Hex; model: string; code: string; tokens: number }
  | { readonly type: 'jobCancelled'; at: number; job: Hex; model: string; tokens: number };

export type RelayListener = (event: RelayEvent) => void;

export interface RelayEvents {
  emit: RelayListener;
  /** @returns a function that ends the listening. */
  on(listener: RelayListener): () => void;
}

export function createRelayEvents(): RelayEvents {
  const listeners = new Set<RelayListener>();
  return {
    emit: (event) => {
      for (const listener of listeners) listener(event);
    },
    on: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
