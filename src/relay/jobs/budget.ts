import type { Clock } from '../../core/clock.ts';
import { CHUNK_TOKENS } from '../../protocol/constants.ts';
import type { Job } from './job.ts';
import { liveLease } from './lease.ts';

/** At this much of its credit left, a job says that it needs more: in time for the answer to come before it stands. */
const LOW_TOKENS = CHUNK_TOKENS / 2;

export interface BudgetParts {
  readonly clock: Clock;
  /** How long a stream waits for cover. */
  readonly patienceMs: number;
  /** Nothing more will be covered in time. */
  readonly exhausted: (job: Job) => void;
}

/** Notices jobs whose provider stands still because nothing more is covered. Free jobs never do. */
export interface Budget {
  /** To be called when a lease began, brought tokens, or got credit. */
  look(job: Job): void;
  /** The job is over. */
  forget(job: Job): void;
}

export function createBudget({ clock, exhausted, patienceMs }: BudgetParts): Budget {
  const standing = new Map<Job, () => void>();

  function forget(job: Job): void {
    standing.get(job)?.();
    standing.delete(job);
  }

  return {
    forget,
    look(job) {
      const lease = liveLease(job);
      if (!lease || lease.credit === lease.maxTokens) return forget(job);
      const left = lease.credit - lease.count;
      const { payment } = job.order;
      if (left > 0) forget(job);
      if (left > LOW_TOKENS) return;
      if (left > 0) return payment.low?.();
      if (standing.has(job)) return;
      payment.low?.();
      const waitMs = payment.isOver?.() ? 0 : patienceMs;
      standing.set(
        job,
        clock.after(waitMs, () => {
          standing.delete(job);
          exhausted(job);
        }),
      );
    },
  };
}
