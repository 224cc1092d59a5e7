import type { Hex } from '../../core/bytes.ts';
import { CodedError, errorBody } from '../../core/errors.ts';
import { MAX_MOVES } from '../../protocol/constants.ts';
import { vectorsHash } from '../../protocol/money/embed-statement.ts';
import { NO_PROGRESS } from '../../protocol/money/price.ts';
import type { AttemptRef } from '../../protocol/wire/job.ts';
import { attemptKey, fillSlot, type Provider } from '../providers/provider.ts';
import {
  createEmbedJob,
  embedAssignmentOf,
  type EmbedJob,
  embedJobReceipt,
  type EmbedLease,
  type EmbedOrder,
  type EmbedSink,
} from './embed-job.ts';
import type { JobsParts } from './jobs-parts.ts';
import { liveLease } from './lease.ts';
import type { Scheduler } from './scheduler.ts';
import { acceptVectors, type EmbedResult } from './signed-vectors.ts';

/** An embedding job with its live lease. */
export interface EmbedLeased {
  readonly job: EmbedJob;
  readonly lease: EmbedLease;
}

/** The embedding jobs of this relay, beside its streams: the same leases, moves and slots (rules V1 to V3). */
export interface EmbedJobs {
  readonly live: ReadonlyMap<Hex, EmbedJob>;
  /**
   * @param isNext the request has jobs in line or at a provider already: this one is not refused for want of room
   * @throws CodedError as `Scheduler.submit`
   */
  open(order: EmbedOrder, sink: EmbedSink, isNext: boolean): EmbedJob;
  /** The agent is gone (rule A5). Its sink hears no more. */
  cancel(job: EmbedJob): void;
  assign(job: EmbedJob, provider: Provider): void;
  fail(job: EmbedJob, error: CodedError): void;
  find(provider: Provider, ref: AttemptRef): EmbedLeased | undefined;
  /** @throws CodedError `vectors_invalid`, `receipt_invalid` */
  complete(leased: EmbedLeased, result: EmbedResult): void;
  /** A lease ended before its job did: another provider does it again, or it fails (rule L3). */
  interrupt(leased: EmbedLeased, code: string, detectionMs: number): void;
  interruptAll(provider: Provider, code: string, detectionMs: number): void;
  /** Ends the leases that brought nothing for too long. */
  endStalled(): void;
  /** Fails every job; resolves when each has its receipt. */
  close(error: CodedError): Promise<void>;
}

export function createEmbedJobs(parts: JobsParts, scheduler: () => Scheduler<EmbedJob>): EmbedJobs {
  const { address, clock, emit, limits, log, registry, store } = parts;
  const live = new Map<Hex, EmbedJob>();
  const settlements = new Set<Promise<void>>();

  function endLease(lease: EmbedLease, code: string): void {
    lease.ended = code;
    lease.provider.busy--;
  }

  function dropLease(job: EmbedJob, code: string, reason: string): void {
    const lease = liveLease(job);
    if (!lease) return;
    lease.provider.send({ type: 'cancel', job: job.id, lease: lease.number, reason });
    endLease(lease, code);
  }

  /** Stores the receipt of a job that any provider worked on, and pays for it where it is whole. */
  async function settle(job: EmbedJob, vectors: Uint8Array | undefined) {
    const hash = vectors ? vectorsHash(vectors) : null;
    const receipt = embedJobReceipt(job, address, hash, clock.now());
    const provider = job.leases.at(-1)?.provider.account;
    const end = { finished: vectors !== undefined, progress: NO_PROGRESS, provider, receipt };
    const kept = job.order.payment.end(end);
    if (kept) await kept;
    else if (provider !== undefined) await store.put(receipt);
    return receipt;
  }

  function end(job: EmbedJob, work: () => Promise<void>): void {
    live.delete(job.id);
    job.state = 'settling';
    const tracked = work()
      .catch((error: unknown) =>
        log.error({ job: job.id, error: errorBody(error) }, 'A receipt was not stored.'),
      )
      .finally(() => settlements.delete(tracked));
    settlements.add(tracked);
  }

  /** An agent that went away while the receipt was being stored is told nothing. */
  function tell(job: EmbedJob, say: () => void): void {
    if (job.state === 'ended') return;
    job.state = 'ended';
    say();
  }

  function report(job: EmbedJob, error: CodedError): void {
    emit({ type: 'jobFailed', at: clock.now(), ...figuresOf(job), code: error.code });
    tell(job, () => job.sink.failed(error));
  }

  function fail(job: EmbedJob, error: CodedError): void {
    end(job, () =>
      settle(job, undefined)
        .then(() => {}, keepLog(job))
        .then(() => report(job, error)),
    );
  }

  function keepLog(job: EmbedJob): (error: unknown) => void {
    return (error) => log.error({ job: job.id, error: errorBody(error) }, 'A receipt was not stored.');
  }

  async function finish(job: EmbedJob, vectors: Uint8Array): Promise<void> {
    const receipt = await settle(job, vectors).catch(keepLog(job));
    if (!receipt) {
      const message = 'The vectors were complete, but their receipt could not be stored.';
      return report(job, new CodedError('receipt_not_stored', message));
    }
    const at = clock.now();
    const { startedAt, leases } = job;
    const counts = { inputs: job.order.inputs.length, promptTokens: job.tokens, leases: leases.length };
    const names = { job: job.id, model: job.order.model.id };
    emit({ type: 'embedFinished', at, ...names, ...counts, totalMs: at - startedAt });
    tell(job, () => job.sink.finished(vectors, receipt));
  }

  function interrupt({ job, lease }: EmbedLeased, code: string, detectionMs: number): void {
    const at = clock.now();
    const provider = lease.provider.account;
    endLease(lease, code);
    const names = { job: job.id, lease: lease.number, provider };
    emit({ type: 'jobInterrupted', at, ...names, code, accepted: 0, detectionMs });
    if (job.moves === MAX_MOVES) {
      const message = `The job lost its provider ${MAX_MOVES + 1} times.`;
      return fail(job, new CodedError('moves_exhausted', message, { last: code }));
    }
    job.moves++;
    job.losers.add(provider);
    job.interruption = { at, code, detectionMs };
    scheduler().resubmit(job);
  }

  /** The live leases, of one provider or of all. */
  function held(provider?: Provider): EmbedLeased[] {
    return [...live.values()].flatMap((job) => {
      const lease = liveLease(job);
      return lease && (provider === undefined || lease.provider === provider) ? [{ job, lease }] : [];
    });
  }

  return {
    live,
    fail,
    interrupt,
    open(order, sink, isNext) {
      const job = createEmbedJob(order, sink, parts.random, clock.now());
      live.set(job.id, job);
      try {
        if (isNext) scheduler().resubmit(job);
        else scheduler().submit(job);
      } catch (error) {
        live.delete(job.id);
        throw error;
      }
      return job;
    },
    cancel(job) {
      const { state } = job;
      job.state = 'ended';
      if (state === 'settling' || state === 'ended') return;
      if (state === 'waiting') scheduler().withdraw(job);
      dropLease(job, 'cancelled', 'The agent went away.');
      end(job, async () => {
        emit({ type: 'jobCancelled', at: clock.now(), ...figuresOf(job) });
        await settle(job, undefined);
      });
      job.state = 'ended';
    },
    assign(job, provider) {
      const now = clock.now();
      const lease: EmbedLease = {
        number: job.leases.length,
        provider,
        assignedAt: now,
        receipt: null,
        ended: undefined,
      };
      job.leases.push(lease);
      job.state = 'leased';
      fillSlot(provider, attemptKey(job.id, lease.number), now);
      provider.send({ type: 'embed', ...embedAssignmentOf(job, lease) });
      const { id, order, waitingSince } = job;
      const names = { job: id, lease: lease.number, model: order.model.id, provider: provider.account };
      emit({ type: 'jobAssigned', at: now, ...names, waitedMs: now - waitingSince });
    },
    find(provider, ref) {
      const job = live.get(ref.job);
      const lease = job && liveLease(job);
      return lease?.provider === provider && lease.number === ref.lease
        ? { job: job as EmbedJob, lease }
        : undefined;
    },
    complete({ job, lease }, result) {
      const vectors = acceptVectors(job, lease, result, parts.recover);
      endLease(lease, 'finished');
      const before = job.leases.at(-2);
      if (job.interruption && before) {
        const { at, code, detectionMs } = job.interruption;
        const now = clock.now();
        const places = { lease: before.number, from: before.provider.account, to: lease.provider.account };
        const times = { accepted: 0, detectionMs, resumptionMs: now - at };
        emit({ type: 'jobMoved', at: now, job: job.id, ...places, code, ...times });
      }
      end(job, () => finish(job, vectors));
    },
    interruptAll(provider, code, detectionMs) {
      for (const leased of held(provider)) interrupt(leased, code, detectionMs);
    },
    endStalled() {
      const now = clock.now();
      for (const leased of held()) {
        const { job, lease } = leased;
        if (now - lease.assignedAt < limits.stallMs) continue;
        const reason = 'No vectors came for too long.';
        lease.provider.send({ type: 'cancel', job: job.id, lease: lease.number, reason });
        registry.countLoss(lease.provider.account, now);
        interrupt(leased, 'stalled', now - lease.assignedAt);
      }
    },
    async close(error) {
      for (const job of live.values()) {
        if (job.state === 'waiting') scheduler().withdraw(job);
        const lease = liveLease(job);
        if (lease) endLease(lease, error.code);
        fail(job, error);
      }
      await Promise.all(settlements);
    },
  };
}

/** Vectors are no output tokens. */
function figuresOf(job: EmbedJob): { job: Hex; model: string; tokens: number } {
  return { job: job.id, model: job.order.model.id, tokens: 0 };
}
