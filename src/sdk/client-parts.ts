import type { Clock } from '../core/clock.ts';
import { CodedError, errorBody } from '../core/errors.ts';
import type { EventSource } from './client-events.ts';
import type { TokenPrice } from './offer.ts';
import type { PaymentTerms } from './payment-terms.ts';
import type { RelayEndpoint } from './relay-endpoint.ts';

/** What the parts of one client share. */
export interface ClientParts {
  readonly relay: RelayEndpoint;
  readonly clock: Clock;
  readonly events: EventSource;
  readonly background: Background;
  readonly maxPrice: TokenPrice | undefined;
  /** Undefined until something had to be paid. */
  readonly terms: PaymentTerms | undefined;
}

/** Work that goes on after an answer ended: receipts that are fetched and verified. */
export interface Background {
  add(task: Promise<void>): void;
  /** Resolves when nothing is left. */
  idle(): Promise<void>;
}

export function createBackground(events: EventSource): Background {
  const tasks = new Set<Promise<void>>();
  return {
    add(task) {
      const tracked = task
        .catch((cause: unknown) => {
          const { code, message } = errorBody(cause);
          events.emit({ type: 'problem', error: new CodedError(code, message, undefined, cause) });
        })
        .finally(() => tasks.delete(tracked));
      tasks.add(tracked);
    },
    async idle() {
      while (tasks.size > 0) await Promise.all(tasks);
    },
  };
}
