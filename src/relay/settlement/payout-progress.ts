import type { Hex } from '../../core/bytes.ts';
import type { Clock } from '../../core/clock.ts';
import type { ErrorBody } from '../../core/errors.ts';
import type { PayoutState } from '../../protocol/wire/earnings.ts';

/** For this long it is no failure that a hub lacks money, as agents pay ahead, or that a block gets its confirmations. */
const PATIENCE_MS = 60_000;
const PASSING: ReadonlySet<string> = new Set(['payout_unfunded', 'settlement_unconfirmed']);

interface Failure {
  readonly error: ErrorBody;
  /** When it first failed in this way. */
  readonly since: number;
  /** 0 until the next try has its time. */
  readonly retryAt: number;
}

/** Whose payouts are under way, and what stands in their way. */
export interface PayoutProgress {
  readonly asked: ReadonlySet<Hex>;
  ask(payee: Hex): void;
  /** What was to be paid is. */
  paid(payee: Hex): void;
  /** These payees were left out of a payment, for a reason of their own. */
  leftOut(payees: readonly Hex[], error: ErrorBody): void;
  /** The whole attempt ended with `cause`; everybody who asked is tried again at `retryAt`. */
  retry(cause: ErrorBody, retryAt: number): void;
  stateOf(payee: Hex): PayoutState;
}

/** @param changed called for each payee whose state is another one */
export function createPayoutProgress(clock: Clock, changed: (payee: Hex) => void): PayoutProgress {
  const asked = new Set<Hex>();
  const failures = new Map<Hex, Failure>();

  function fail(payee: Hex, error: ErrorBody, retryAt: number): void {
    const last = failures.get(payee);
    const since = last?.error.code === error.code ? last.since : clock.now();
    failures.set(payee, { error, since, retryAt });
  }

  return {
    asked,
    ask(payee) {
      if (asked.has(payee)) return;
      asked.add(payee);
      changed(payee);
    },
    paid(payee) {
      asked.delete(payee);
      failures.delete(payee);
      changed(payee);
    },
    leftOut(payees, error) {
      for (const payee of payees) fail(payee, error, 0);
    },
    retry(cause, retryAt) {
      for (const payee of asked) {
        const own = failures.get(payee);
        fail(payee, own?.retryAt === 0 ? own.error : cause, retryAt);
        changed(payee);
      }
    },
    stateOf(payee) {
      const failure = failures.get(payee);
      if (!failure) return { name: asked.has(payee) ? 'pending' : 'none' };
      const { code, message } = failure.error;
      const now = clock.now();
      if (PASSING.has(code) && now - failure.since < PATIENCE_MS) return { name: 'pending' };
      const retryInMs = Math.max(0, failure.retryAt - now);
      return { name: 'failed', code, message: message.slice(0, 500), retryInMs };
    },
  };
}
