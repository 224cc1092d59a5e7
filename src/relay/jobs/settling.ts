import type { Hex } from '../../core/bytes.ts';
import type { Clock } from '../../core/clock.ts';
import { CodedError, errorBody } from '../../core/errors.ts';
import type { JobReceipt } from '../../protocol/money/receipt.ts';
import type { Finish } from '../../protocol/wire/job.ts';
import type { Log } from '../log.ts';
import type { ReceiptStore } from '../receipts/receipt-store.ts';
import type { RelayListener } from '../relay-events.ts';
import type { Job } from './job.ts';
import { jobReceipt } from './job-receipt.ts';

export interface SettlingParts {
  /** The relay's own. */
  readonly address: Hex;
  readonly clock: Clock;
  readonly log: Log;
  readonly store: ReceiptStore;
  readonly emit: RelayListener;
}

/** How jobs end: first the receipt is durable, then the agent hears of it (rule R4). */
export interface Settling {
  finish(job: Job, finish: Finish): Promise<void>;
  fail(job: Job, error: CodedError): Promise<void>;
  /** The agent is gone and is told nothing. */
  drop(job: Job): Promise<void>;
}

export function createSettling({ address, clock, log, store, emit }: SettlingParts): Settling {
  /** Stores the receipt of a job that any provider worked on. @returns nothing where that failed, which is logged. */
  async function keep(job: Job, finish: Finish | null): Promise<JobReceipt | undefined> {
    const { leases, order, progress } = job;
    const receipt = jobReceipt(job, address, finish, clock.now());
    const provider = leases.at(-1)?.provider.account;
    const end = { finished: finish !== null, progress, provider, receipt };
    try {
      const kept = order.payment.end(end);
      if (kept) await kept;
      else if (provider !== undefined) await store.put(receipt);
      return receipt;
    } catch (error) {
      log.error({ job: job.id, error: errorBody(error) }, 'A receipt was not stored.');
      return undefined;
    }
  }

  /** An agent that went away while the receipt was being stored is told nothing. */
  function tell(job: Job, say: () => void): void {
    if (job.state === 'ended') return;
    job.state = 'ended';
    say();
  }

  function reportFailure(job: Job, error: CodedError): void {
    emit({ type: 'jobFailed', at: clock.now(), ...figuresOf(job), code: error.code });
    tell(job, () => job.sink.failed(error));
  }

  return {
    async finish(job, finish) {
      job.state = 'settling';
      const rest = job.output.rest();
      const receipt = await keep(job, finish);
      if (!receipt) {
        const message = 'The answer was complete, but its receipt could not be stored.';
        return reportFailure(job, new CodedError('receipt_not_stored', message));
      }
      const at = clock.now();
      const times = { firstTokenMs: (job.firstIdAt ?? at) - job.startedAt, totalMs: at - job.startedAt };
      emit({ type: 'jobFinished', at, ...figuresOf(job), finish, leases: job.leases.length, ...times });
      tell(job, () => job.sink.finished(finish, rest, receipt));
    },
    async fail(job, error) {
      job.state = 'settling';
      await keep(job, null);
      reportFailure(job, error);
    },
    async drop(job) {
      job.state = 'ended';
      emit({ type: 'jobCancelled', at: clock.now(), ...figuresOf(job) });
      await keep(job, null);
    },
  };
}

function figuresOf(job: Job): { job: Hex; model: string; tokens: number } {
  return { job: job.id, model: job.order.model.id, tokens: job.output.ids.length };
}
