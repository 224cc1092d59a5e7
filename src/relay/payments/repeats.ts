import type { Hex } from '../../core/bytes.ts';
import type { Clock } from '../../core/clock.ts';
import { CodedError } from '../../core/errors.ts';
import type { Audience } from '../jobs/audience.ts';
import type { Job } from '../jobs/job.ts';
import type { ChannelPayment } from './channel-payment.ts';
import { refused } from './refusal.ts';

/** How long an answer may be asked for again after its job's end. */
const KEPT_MS = 10 * 60_000;
/** Finished answers that are kept at most: the oldest go first. */
const KEPT = 1_000;

/** A paid job with everybody who hears of it: one choice of a request. */
export interface PaidJob {
  readonly job: Job;
  readonly audience: Audience;
  readonly payment: ChannelPayment;
}

/** What a request is recognised by: the agent's own key, else the voucher that it came with. Scoped to the channel. */
export interface RequestKey {
  readonly name: string;
  readonly isExplicit: boolean;
  readonly bodyHash: Hex;
}

/** Paid requests of now and of the last ten minutes, so that a repeat joins its job and is not charged twice. */
export interface Repeats<T> {
  /**
   * The jobs that this request asked for before, one for each choice. @throws CodedError `voucher_stale` (another body with the same voucher),
   * `idempotency_key_reused`; and what the first request failed with
   */
  find(key: RequestKey): Promise<T> | undefined;
  /** Remembers jobs that are being started; forgotten at once where that fails. */
  add(key: RequestKey, starting: Promise<T>): void;
  /** The answer did not come to its end: a repeat is a new one. */
  forget(key: RequestKey): void;
  /** The answer is whole: kept for a while. */
  keep(key: RequestKey): void;
}

/** @param most answers that are kept: fewer where they are large */
export function createRepeats<T>(clock: Clock, most = KEPT): Repeats<T> {
  const jobs = new Map<string, { readonly bodyHash: Hex; readonly paid: Promise<T> }>();
  const kept = new Map<string, () => void>();

  function forget({ name }: RequestKey): void {
    jobs.delete(name);
    kept.get(name)?.();
    kept.delete(name);
  }

  return {
    forget,
    find({ bodyHash, isExplicit, name }) {
      const found = jobs.get(name);
      if (!found) return undefined;
      if (found.bodyHash === bodyHash) return found.paid;
      if (!isExplicit) throw refused('voucher_stale');
      throw new CodedError('idempotency_key_reused', 'This Idempotency-Key was another request.');
    },
    add(key, paid) {
      jobs.set(key.name, { bodyHash: key.bodyHash, paid });
      paid.catch(() => forget(key));
    },
    keep(key) {
      kept.set(
        key.name,
        clock.after(KEPT_MS, () => forget(key)),
      );
      const [oldest] = kept.keys();
      if (kept.size > most && oldest !== undefined) forget({ ...key, name: oldest });
    },
  };
}
