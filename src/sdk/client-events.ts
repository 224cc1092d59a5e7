import type { Hex } from '../core/bytes.ts';
import type { CodedError } from '../core/errors.ts';
import type { EmbedJobReceipt } from '../protocol/money/embed-job-receipt.ts';
import type { JobReceipt } from '../protocol/money/receipt.ts';

/** A job of this client that has ended, and what its receipt is worth. */
export interface CheckedReceipt {
  readonly job: Hex;
  readonly receipt: JobReceipt;
  /** Codes of what does not hold; empty for a receipt that verifies and charges what was counted. */
  readonly problems: readonly string[];
  /** Pico, by the agent's own count. */
  readonly cost: bigint;
  /** Pico, as the relay says; undefined where it charged nothing or did not say. */
  readonly charged: bigint | undefined;
}

export type ClientEvent =
  /** A channel is open and confirmed; `deposit` in base units. */
  | { readonly type: 'opened'; readonly channelId: Hex; readonly deposit: bigint }
  /** The deposit grew to this; base units. */
  | { readonly type: 'toppedUp'; readonly channelId: Hex; readonly deposit: bigint }
  /** A voucher was accepted by the relay; base units. */
  | { readonly type: 'voucher'; readonly channelId: Hex; readonly cumulative: bigint }
  | ({ readonly type: 'receipt' } & CheckedReceipt)
  /** The same for a job that made vectors; a request may have several, whose cost is told with the first. */
  | {
      readonly type: 'vectors';
      readonly job: Hex;
      readonly receipt: EmbedJobReceipt;
      readonly problems: readonly string[];
      readonly cost: bigint;
    }
  /** Something does not hold, or could not be done: what the relay did, or why a stream is not paid on. */
  | { readonly type: 'problem'; readonly error: CodedError; readonly job?: Hex }
  /** Base units. */
  | {
      readonly type: 'closed';
      readonly channelId: Hex;
      readonly settled: bigint;
      readonly refunded: bigint;
    };

export interface EventSource {
  emit(event: ClientEvent): void;
  /** @returns a function that ends it */
  on(listener: (event: ClientEvent) => void): () => void;
}

export function createEventSource(): EventSource {
  const listeners = new Set<(event: ClientEvent) => void>();
  return {
    emit(event) {
      for (const listener of listeners) listener(event);
    },
    on(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
