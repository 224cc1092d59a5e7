import type { Clock } from '../../core/clock.ts';
import { CodedError } from '../../core/errors.ts';
import type { RelayModel } from '../catalogue.ts';
import type { Limits } from '../limits.ts';
import type { Provider } from '../providers/provider.ts';
import type { Registry } from '../providers/registry.ts';
import type { RelayListener } from '../relay-events.ts';
import { unmetWords } from './needs.ts';
import type { Placeable, Wanted } from './placeable.ts';
import { candidates, chooseProvider, offering, longestStream } from './provider-choice.ts';
import type { Turnover } from './turnover.ts';
import { WaitingLine } from './waiting-line.ts';

export interface SchedulerParts<J extends Placeable> {
  readonly clock: Clock;
  readonly limits: Limits;
  readonly registry: Registry;
  readonly turnover: Turnover;
  readonly emit: RelayListener;
  /** Leases a job to a provider that has a free slot. */
  assign(job: J, provider: Provider): void;
  /** The job's time in line is over. */
  expire(job: J, error: CodedError): void;
}

/** Which job runs where next, from memory: one waiting line for each model. */
export interface Scheduler<J extends Placeable> {
  /**
   * Places a new job, or puts it in line.
   * @throws CodedError `no_provider`, `feature_unavailable`, `queue_full`, `agent_queue_full`: the job is not taken then.
   */
  submit(job: J): void;
  /** Before anything is paid. @throws CodedError `no_provider`, `feature_unavailable` */
  checkHope(wanted: Wanted): void;
  /** Tokens of the longest stream that anybody here holds; undefined: as many as the model (rule P4). */
  longestStream(wanted: Wanted): number | undefined;
  /** Puts a job that lost its provider in line again, at the front (rules L3, L5). */
  resubmit(job: J): void;
  withdraw(job: J): void;
  /** Places what can be placed: call it when a slot became free or a provider came. */
  pump(): void;
  /** Jobs in line for a model. */
  waiting(model: RelayModel): number;
}

export function createScheduler<J extends Placeable>(parts: SchedulerParts<J>): Scheduler<J> {
  const { clock, limits, registry } = parts;
  const lines = new Map<RelayModel, WaitingLine<J>>();
  const expiries = new Map<J, () => void>();
  let undoKeepAlive: (() => void) | undefined;

  function lineOf(model: RelayModel): WaitingLine<J> {
    const line = lines.get(model) ?? new WaitingLine<J>();
    lines.set(model, line);
    return line;
  }

  /**
   * Why nobody could serve the job now or soon; undefined where somebody offers its model and can do what it needs, or
   * has just been here.
   */
  function hopeless(job: Wanted): CodedError | undefined {
    const { model, only } = job.order;
    if (candidates(job, registry).length > 0) return undefined;
    if (offering(job.order, registry).length > 0) {
      const { param, words } = unmetWords(job.needs);
      const message = `No provider of ${model.id} that is here now can do ${words}.`;
      return new CodedError('feature_unavailable', message, { model: model.id, param });
    }
    if (only === undefined && registry.expects(model, clock.now(), limits.queueMs)) return undefined;
    return new CodedError('no_provider', `No provider offers ${model.id} now.`, { model: model.id });
  }

  function line(job: J): void {
    job.state = 'waiting';
    job.waitingSince = clock.now();
    lineOf(job.order.model).add(job);
    pump();
    if (job.state !== 'waiting') return;
    expiries.set(
      job,
      clock.after(limits.queueMs, () => expire(job)),
    );
    undoKeepAlive ??= clock.after(limits.keepAliveMs, keepAlive);
    tellPositions(job.order.model, job);
    const { id, order, waitingSince } = job;
    const position = [...lineOf(order.model)].indexOf(job) + 1;
    parts.emit({ type: 'jobWaiting', at: waitingSince, job: id, model: order.model.id, position });
  }

  function leave(job: J, served: boolean): void {
    lineOf(job.order.model).remove(job, served);
    expiries.get(job)?.();
    expiries.delete(job);
  }

  function expire(job: J): void {
    leave(job, false);
    const seconds = limits.queueMs / 1000;
    const error =
      candidates(job, registry).length > 0
        ? new CodedError('queue_timeout', `No slot for this model became free within ${seconds} s.`)
        : new CodedError('no_provider', `No provider of this model came within ${seconds} s.`);
    parts.expire(job, error);
  }

  /** Tells the waiting jobs, or only one of them, where they stand. */
  function tellPositions(model: RelayModel, only?: J): void {
    let slots = 0;
    for (const provider of registry.offering(model)) slots += provider.free + provider.busy;
    let position = 0;
    for (const job of lineOf(model)) {
      position++;
      if (!only || job === only) job.sink.waiting(position, parts.turnover.eta(model.id, position, slots));
    }
  }

  function keepAlive(): void {
    undoKeepAlive = undefined;
    for (const model of lines.keys()) tellPositions(model);
    if (expiries.size > 0) undoKeepAlive = clock.after(limits.keepAliveMs, keepAlive);
  }

  function pump(): void {
    const busy = [...lines].filter(([, { size }]) => size > 0);
    // Models that share providers take turns by age.
    const age = (jobs: WaitingLine<J>): number => jobs.first?.waitingSince ?? 0;
    for (const [model, jobs] of busy.sort(([, a], [, b]) => age(a) - age(b))) placeFrom(model, jobs);
  }

  function placeFrom(model: RelayModel, jobs: WaitingLine<J>): void {
    const hasRoom = (): boolean => [...registry.offering(model)].some(({ free }) => free > 0);
    if (!hasRoom()) return;
    for (const job of jobs) {
      // Sending may break a connection, which calls here again.
      if (job.state !== 'waiting') continue;
      const provider = chooseProvider(job, registry, clock.now());
      if (!provider) continue;
      leave(job, true);
      parts.assign(job, provider);
      if (!hasRoom()) return;
    }
  }

  return {
    submit(job) {
      const { model, agent } = job.order;
      if (!chooseProvider(job, registry, clock.now())) {
        const refusal = hopeless(job);
        if (refusal) throw refusal;
        lineOf(model).checkRoom(agent, limits.queueLength, limits.queuePerAgent);
      }
      line(job);
    },
    checkHope(wanted) {
      const refusal = hopeless(wanted);
      if (refusal) throw refusal;
    },
    longestStream: (wanted) => longestStream(wanted, registry),
    resubmit: line,
    withdraw: (job) => leave(job, false),
    pump,
    waiting: (model) => lines.get(model)?.size ?? 0,
  };
}
