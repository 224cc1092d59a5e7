import type { Hex } from '../../core/bytes.ts';
import { every } from '../../core/clock.ts';
import { CodedError, errorBody } from '../../core/errors.ts';
import { MAX_MOVES } from '../../protocol/constants.ts';
import type { AttemptRef, Finish, SignedChunk } from '../../protocol/wire/job.ts';
import type { TokenLogprobs } from '../../protocol/wire/logprobs.ts';
import type { Work } from '../access/payment.ts';
import { attemptKey, fillSlot, type Provider } from '../providers/provider.ts';
import { assignmentOf } from './assignment.ts';
import { createJob, type Interruption, type Job, type JobOrder, type JobSink } from './job.ts';
import { createBudget } from './budget.ts';
import type { EmbedJob } from './embed-job.ts';
import { createEmbedJobs, type EmbedJobs } from './embed-jobs.ts';
import { checkLogprobs } from './delta-logprobs.ts';
import { checkDelta, creditOf, type Lease, liveLease, openLease } from './lease.ts';
import { createScheduler, type Scheduler } from './scheduler.ts';
import type { JobsParts } from './jobs-parts.ts';
import { createSettling } from './settling.ts';
import { prefixScope } from './prefix-scope.ts';
import { acceptChunk, acceptResult, type Result } from './signed-work.ts';
import { createTurnover } from './turnover.ts';

/** How often leases are searched for those without progress. */
const STALL_SEARCH_MS = 5_000;

/** A job with its live lease. */
export interface Leased {
  readonly job: Job;
  readonly lease: Lease;
}

type AnyJob = Job | EmbedJob;

/** The jobs of this relay: it alone says which lease of a job is live and which ids are accepted (rules L1-L4). */
export interface Jobs {
  readonly scheduler: Scheduler<AnyJob>;
  readonly live: ReadonlyMap<Hex, Job>;
  /** Those that make vectors. They share the line and the providers' slots with the streams. */
  readonly embeddings: EmbedJobs;
  /** @throws CodedError as `Scheduler.submit` */
  open(order: JobOrder, sink: JobSink): Job;
  /** Opens the choices of one request, all of them or none. @param sinks one for each order @throws as `open` */
  openAll(orders: readonly JobOrder[], sinks: readonly JobSink[]): Job[];
  /** The agent is gone (rule A5). Its sink hears no more. */
  cancel(job: Job): void;
  /** The job whose live lease this is, if the provider holds it. */
  find(provider: Provider, ref: AttemptRef): Leased | undefined;
  /**
   * @throws CodedError `credit_exceeded`, `token_unknown`, `logprobs_invalid`, `output_after_stop`; what came before
   * the fault stays.
   */
  deliver(leased: Leased, ids: readonly number[], logprobs?: readonly TokenLogprobs[]): void;
  /** @throws CodedError `chunk_invalid` */
  sign(leased: Leased, chunk: SignedChunk): void;
  /** @throws CodedError `finish_invalid`, `receipt_invalid` */
  complete(leased: Leased, result: Result): void;
  /** A lease ended before its job did: the job moves on, or fails (rule L3). */
  interrupt(leased: Leased, code: string, detectionMs: number): void;
  /** The same for all that a provider holds. */
  interruptAll(provider: Provider, code: string, detectionMs: number): void;
  /** Fails every job; resolves when each has its receipt. */
  close(error: CodedError): Promise<void>;
}

export function createJobs(parts: JobsParts): Jobs {
  const { clock, emit, limits, registry } = parts;
  const live = new Map<Hex, Job>();
  const scopeSecret = parts.random.bytes(32);
  const subscriptions = new Map<Job, () => void>();
  const settlements = new Set<Promise<void>>();
  const turnover = createTurnover();
  const settling = createSettling(parts);
  const embeddings = createEmbedJobs(parts, () => scheduler);
  const scheduler: Scheduler<AnyJob> = createScheduler<AnyJob>({
    clock,
    limits,
    registry,
    turnover,
    emit,
    assign: (job, provider) => ('output' in job ? assign(job, provider) : embeddings.assign(job, provider)),
    expire: (job, error) => ('output' in job ? fail(job, error) : embeddings.fail(job, error)),
  });
  const budget = createBudget({ clock, patienceMs: limits.budgetMs, exhausted: endByBudget });
  const stopSearch = every(clock, STALL_SEARCH_MS, endStalled);

  function assign(job: Job, provider: Provider): void {
    const now = clock.now();
    const { id, leases, order, waitingSince } = job;
    const first = job.output.ids.length;
    const terms = {
      number: leases.length,
      provider,
      first,
      maxTokens: order.maxTokens - first,
      before: job.progress,
    };
    const lease = openLease({ ...terms, covered: order.payment.covered(), now });
    leases.push(lease);
    job.state = 'leased';
    fillSlot(provider, attemptKey(id, lease.number), now);
    const scope = order.anonymous ? undefined : prefixScope(scopeSecret, order.agent, provider.account);
    provider.send({ type: 'assign', ...assignmentOf(job, lease, scope) });
    const names = { job: id, lease: lease.number, model: order.model.id, provider: provider.account };
    emit({ type: 'jobAssigned', at: now, ...names, waitedMs: now - waitingSince });
    budget.look(job);
  }

  /** More of the job is covered: its provider may go on (rule C6). */
  function raiseCredit(job: Job): void {
    const lease = liveLease(job);
    if (!lease) return;
    const { payment } = job.order;
    const credit = creditOf(lease, payment.covered());
    if (credit <= lease.credit) {
      if (payment.isOver?.()) budget.forget(job);
      return budget.look(job);
    }
    lease.credit = credit;
    lease.progressAt = clock.now();
    lease.provider.send({ type: 'credit', job: job.id, lease: lease.number, tokens: credit });
    budget.look(job);
  }

  /** What it delivered and did not sign is paid by count (rule R4). */
  function endLease(job: Job, lease: Lease, code: string): void {
    lease.ended = code;
    lease.provider.busy--;
    const tail = lease.count - lease.signed;
    if (tail === 0) return;
    const { chunks, tokens } = job.progress;
    job.progress = { chunks, tokens: tokens + tail };
    pay(job, lease, 'tail');
  }

  function pay(job: Job, lease: Lease, kind: Work['kind']): void {
    const { id, order, progress } = job;
    const work = { kind, job: id, lease: lease.number, provider: lease.provider.account, progress };
    order.payment.pay(work)?.catch((error: unknown) => failUnpaid(job, error));
  }

  /** Work that can't be paid for: nothing more of it is accepted. */
  function failUnpaid(job: Job, error: unknown): void {
    parts.log.error({ job: job.id, error: errorBody(error) }, 'Work was not paid.');
    if (!live.has(job.id)) return;
    if (job.state === 'waiting') scheduler.withdraw(job);
    dropLease(job, 'payment_failed', 'The work could not be paid for.');
    fail(job, new CodedError('payment_failed', 'The relay could not record a payment.'));
  }

  /** Ends the live lease, if there is one, and says so to its provider. */
  function dropLease(job: Job, code: string, reason: string): void {
    const lease = liveLease(job);
    if (!lease) return;
    lease.provider.send({ type: 'cancel', job: job.id, lease: lease.number, reason });
    endLease(job, lease, code);
  }

  /** The agent pays for nothing more: what it has is its answer, cut by length (rule M5). */
  function endByBudget(job: Job): void {
    dropLease(job, 'budget', 'The agent pays for nothing more.');
    finish(job, 'length');
  }

  function interrupt({ job, lease }: Leased, code: string, detectionMs: number): void {
    const at = clock.now();
    const provider = lease.provider.account;
    const accepted = job.output.ids.length;
    endLease(job, lease, code);
    emit({
      type: 'jobInterrupted',
      at,
      job: job.id,
      lease: lease.number,
      provider,
      code,
      accepted,
      detectionMs,
    });
    // The answer may be whole although its provider did not live to say so.
    if (job.output.stopped) return finish(job, 'stop');
    if (accepted === job.order.maxTokens) return finish(job, 'length');
    if (job.moves === MAX_MOVES) {
      const message = `The job lost its provider ${MAX_MOVES + 1} times.`;
      return fail(job, new CodedError('moves_exhausted', message, { last: code }));
    }
    job.moves++;
    job.losers.add(provider);
    job.interruption ??= { at, lease, code, detectionMs, accepted };
    scheduler.resubmit(job);
  }

  /** The first new id after a move. */
  function resume(job: Job, { lease: old, code, ...lost }: Interruption, lease: Lease): void {
    job.interruption = undefined;
    const now = lease.provider.heardAt;
    const { accepted, detectionMs, at } = lost;
    const names = { job: job.id, lease: old.number, from: old.provider.account, to: lease.provider.account };
    emit({ type: 'jobMoved', at: now, ...names, code, accepted, detectionMs, resumptionMs: now - at });
  }

  /** Nothing more comes of a job: its receipt is next. */
  function release(job: Job): void {
    live.delete(job.id);
    budget.forget(job);
    subscriptions.get(job)?.();
    subscriptions.delete(job);
  }

  function finish(job: Job, end: Finish): void {
    release(job);
    turnover.finished(job.order.model.id, clock.now() - (job.leases[0]?.assignedAt ?? job.startedAt));
    track(settling.finish(job, end));
  }

  function fail(job: Job, error: CodedError): void {
    release(job);
    track(settling.fail(job, error));
  }

  /** `close` waits for what is being settled. */
  function track(settlement: Promise<void>): void {
    const tracked = settlement
      .catch((error: unknown) => parts.log.error({ error: errorBody(error) }, 'A job was not settled.'))
      .finally(() => settlements.delete(tracked));
    settlements.add(tracked);
  }

  function endStalled(): void {
    const now = clock.now();
    embeddings.endStalled();
    for (const job of live.values()) {
      const lease = liveLease(job);
      if (!lease || lease.count >= lease.credit || now - lease.progressAt < limits.stallMs) continue;
      lease.provider.send({
        type: 'cancel',
        job: job.id,
        lease: lease.number,
        reason: 'No token came for too long.',
      });
      registry.countLoss(lease.provider.account, now);
      interrupt({ job, lease }, 'stalled', now - lease.progressAt);
    }
  }

  function open(order: JobOrder, sink: JobSink): Job {
    const job = createJob(order, sink, parts.random, clock.now());
    live.set(job.id, job);
    try {
      scheduler.submit(job);
    } catch (error) {
      live.delete(job.id);
      throw error;
    }
    subscriptions.set(
      job,
      order.payment.onCovered(() => raiseCredit(job)),
    );
    return job;
  }

  function cancel(job: Job): void {
    const { state } = job;
    job.state = 'ended';
    if (state === 'settling' || state === 'ended') return;
    release(job);
    if (state === 'waiting') scheduler.withdraw(job);
    dropLease(job, 'cancelled', 'The agent went away.');
    track(settling.drop(job));
  }

  return {
    scheduler,
    live,
    embeddings,
    open,
    openAll(orders, sinks) {
      const opened: Job[] = [];
      try {
        for (const [choice, order] of orders.entries()) opened.push(open(order, sinks[choice] as JobSink));
      } catch (error) {
        for (const job of opened) cancel(job);
        throw error;
      }
      return opened;
    },
    cancel,
    find(provider, ref) {
      const job = live.get(ref.job);
      const lease = job && liveLease(job);
      return lease?.provider === provider && lease.number === ref.lease
        ? { job: job as Job, lease }
        : undefined;
    },
    deliver({ job, lease }, ids, logprobs) {
      const { output, sink } = job;
      const { provider } = lease;
      checkDelta(lease, ids.length);
      checkLogprobs(job.order, ids.length, logprobs);
      const before = output.ids.length;
      const text = output.append(ids);
      const taken = output.ids.length - before;
      lease.count += taken;
      lease.progressAt = provider.heardAt;
      provider.tokens += taken;
      job.firstIdAt ??= provider.heardAt;
      if (job.interruption) resume(job, job.interruption, lease);
      if (taken === ids.length) sink.tokens(ids, text, logprobs);
      else if (taken > 0) sink.tokens(ids.slice(0, taken), text, logprobs?.slice(0, taken));
      if (job.order.payment.low && live.has(job.id)) budget.look(job);
      if (taken < ids.length) {
        throw new CodedError('output_after_stop', 'A token came after the end of the answer.');
      }
    },
    sign({ job, lease }, chunk) {
      acceptChunk(job, lease, chunk, parts.recover);
      pay(job, lease, 'chunk');
    },
    complete({ job, lease }, result) {
      acceptResult(job, lease, result, parts.recover);
      endLease(job, lease, 'finished');
      finish(job, result.finish);
    },
    interrupt,
    interruptAll(provider, code, detectionMs) {
      const held = [...live.values()].flatMap((job) => {
        const lease = liveLease(job);
        return lease?.provider === provider ? [{ job, lease }] : [];
      });
      for (const leased of held) interrupt(leased, code, detectionMs);
      embeddings.interruptAll(provider, code, detectionMs);
    },
    async close(error) {
      stopSearch();
      for (const job of live.values()) {
        if (job.state === 'waiting') scheduler.withdraw(job);
        const lease = liveLease(job);
        if (lease) endLease(job, lease, error.code);
        fail(job, error);
      }
      await Promise.all([...settlements, embeddings.close(error)]);
    },
  };
}
