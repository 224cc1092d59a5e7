import { type Clock, sleep } from '../../core/clock.ts';
import { abortError, CodedError, type ErrorBody, errorBody } from '../../core/errors.ts';
import type { Random } from '../../core/random.ts';
import type { Engine } from '../../engine/engine.ts';
import type { Connect } from '../../protocol/wire/frame-socket.ts';
import type { AttemptStore, StoredAttempt } from '../attempt-store.ts';
import type { PayoutStore } from '../income/payout-store.ts';
import { Provider } from '../provider.ts';
import { closeServing, stepMsOf } from '../serving.ts';
import type { Signer } from '../signer.ts';
import { Duty, YIELDING } from '../duty/duty.ts';
import type { OwnerLimits } from '../duty/owner-limits.ts';
import type { EngineSource, GpuReport, LoadedEngine, LoadProgress } from './engine-source.ts';
import { loadFitting, shrink } from './fitting-load.ts';
import { runSelfTest, type SelfTestOrder, type SelfTestResult } from './self-test.ts';
import { createRun, hasWorked, type LendingOrder, type Run } from './lending-run.ts';
import { curedError, curedState, type LenderState, type LenderStatus } from './lender-status.ts';

export type { LendingOrder };

export interface LenderPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly connect: Connect;
  readonly source: EngineSource;
  readonly store: AttemptStore;
  readonly payouts: PayoutStore;
  readonly signer: Signer;
  /** Gives the release, or nothing where another tab lends. */
  readonly holdLock: () => Promise<(() => void) | undefined>;
}

/** Failures of a new engine that another try may get past: a driver that restarts takes a while. */
const PASSING: ReadonlySet<string> = new Set([
  'adapter_missing',
  'device_lost',
  'download_failed',
  'engine_failed',
  'out_of_memory',
]);

/**
 * Lending as its owner sees it: start, stop, pause, resume, one status. Loads the engine, keeps a provider on it, and
 * loads it anew when the GPU was lost.
 */
export class Lender {
  readonly #ports: LenderPorts;
  #run: Run | undefined;
  #state: LenderState | undefined;
  #gpu: GpuReport | undefined;
  /** Why nothing is taken, by code: the owner's own pause, the battery. */
  readonly #pauses = new Map<string, ErrorBody>();
  /** Models that this GPU computes wrongly, and how that was seen. */
  readonly #refused = new Map<string, ErrorBody>();
  /** The last run's farewell: the next one's engine waits for its memory. */
  #ending: Promise<void> | undefined;
  #kept = 0;
  #undoSnooze = (): void => {};

  constructor(ports: LenderPorts) {
    this.#ports = ports;
  }

  async probe(): Promise<GpuReport> {
    this.#gpu = await this.#ports.source.probe();
    return this.#gpu;
  }

  /**
   * Resolves when the engine is loaded and the relay is being called; what goes wrong is thrown and stays in the status.
   * @throws CodedError `already_lending`, `lending_elsewhere`, `aborted`, and the codes of `EngineSource.load`
   */
  async start(order: LendingOrder): Promise<void> {
    if (this.#run) throw new CodedError('already_lending', 'Lending has started already.');
    const stop = new AbortController();
    const run = createRun(order, stop, this.#ports.clock);
    this.#run = run;
    this.#state = { name: 'loading', model: order.model, progress: { phase: 'prepare' } };
    try {
      await this.#ending;
      const refusal = this.#refused.get(refusalKey(order));
      if (refusal) throw CodedError.fromBody(refusal);
      if (!this.#gpu) await this.probe();
      const release = await this.#ports.holdLock();
      if (!release) throw new CodedError('lending_elsewhere', 'Another tab of this browser is lending.');
      if (stop.signal.aborted) {
        release();
        throw abortError(stop.signal);
      }
      run.release = release;
      await this.#launch(run);
    } catch (error) {
      await this.#end(run, errorBody(error));
      throw error;
    }
  }

  /** Hands back what runs, lets go of relay, GPU and memory. */
  async stop(): Promise<void> {
    this.#pauses.clear();
    this.#undoSnooze();
    this.#state = undefined;
    if (this.#run) await this.#end(this.#run, undefined);
  }

  /** Takes no jobs until `resume` of the same code; hands back those that run. The model stays loaded. */
  pause(reason: ErrorBody): void {
    this.#pauses.set(reason.code, reason);
    this.#run?.provider?.pause(reason);
  }

  /** Pauses for so long; a later call counts from then. */
  snooze(ms: number): void {
    const { clock } = this.#ports;
    this.#undoSnooze();
    const data = { until: clock.now() + ms };
    this.pause({ code: 'snoozed', message: 'Snoozed.', data });
    this.#undoSnooze = clock.after(ms, () => void this.resume('snoozed'));
  }

  /** Goes on where nothing else stands against it; loads the model again where it was taken down. */
  async resume(code = 'paused'): Promise<void> {
    this.#pauses.delete(code);
    if (code === 'snoozed') this.#undoSnooze();
    const run = this.#run;
    run?.provider?.resume(code);
    if (!run?.unloaded || code !== 'paused') return;
    run.unloaded = false;
    try {
      await this.#launch(run);
    } catch (error) {
      await this.#end(run, errorBody(error));
    }
  }

  /** Hands back what runs and frees the GPU's memory at once; `resume` loads the model again. */
  async unload(): Promise<void> {
    const run = this.#run;
    if (!run || run.unloaded) return;
    run.unloaded = true;
    await this.#unload(run);
    this.#state = { name: 'unloaded' };
  }

  /** The owner's limits from now on; the memory budget counts at the next load. */
  limit(limits: OwnerLimits): void {
    const run = this.#run;
    if (!run) return;
    run.limits = limits;
    run.duty?.limit(limits);
    run.provider?.limitPrompts(limits.promptTokens || Number.POSITIVE_INFINITY);
  }

  /** What steps take now is normal: the owner says that nothing else uses the GPU. */
  forgetDuty(): void {
    this.#run?.duty?.forget();
  }

  /** Asks the relay to pay now what has vested; the status says what comes of it. */
  requestPayout(): void {
    this.#run?.provider?.requestPayout();
  }

  /** From now on the relay may owe this much, in pico. */
  trust(limit: string): void {
    this.#run?.provider?.trust(BigInt(limit));
  }

  /** Times the loaded engine alone. @throws CodedError `not_loaded`, `engine_busy` */
  async selfTest(order: SelfTestOrder): Promise<SelfTestResult> {
    const engine = this.#run?.loaded?.engine;
    if (!engine) throw new CodedError('not_loaded', 'Press start first: no model that writes is loaded.');
    return runSelfTest(engine, order, performance);
  }

  /** The machine is online again. */
  retryNow(): void {
    this.#run?.provider?.retryNow();
  }

  status(): LenderStatus {
    const { signer } = this.#ports;
    const { provider, loaded, order, duty, reduction, recovery } = this.#run ?? {};
    const link = provider?.status();
    return {
      relay: { url: order?.relayUrl ?? '', connected: false },
      streams: [],
      slots: order?.slots ?? 0,
      tokensPerSecond: 0,
      tokens: 0,
      jobs: 0,
      unfinished: 0,
      ...link,
      state: this.#state ?? (link ? curedState(link.state) : { name: 'idle' }),
      account: signer.account,
      ...(this.#gpu ? { gpu: this.#gpu } : {}),
      ...(loaded ? modelOf(loaded) : {}),
      stepMs: loaded ? stepMsOf(loaded) : 0,
      kept: this.#kept,
      ...(duty ? { duty: duty.status() } : {}),
      ...(reduction ? { reduction } : {}),
      recoveries: recovery?.count ?? 0,
    };
  }

  /** Loads the engine and starts a provider on it. */
  async #launch(run: Run): Promise<void> {
    const loaded = await this.#load(run);
    // The owner took the memory back while it was being filled.
    if (run.unloaded) return closeServing(loaded);
    run.loaded = loaded;
    run.loadedAt = this.#ports.clock.now();
    void loaded.lost?.then((error) => this.#recover(run, loaded, error));
    const failed = (error: ErrorBody): void => void this.#recover(run, loaded, error);
    const provider = new Provider({
      ...this.#ports,
      ...loaded,
      relayUrl: run.order.relayUrl,
      creditLimit: BigInt(run.order.creditLimit),
      tally: run.tally,
      store: { put: (attempt) => this.#keep(attempt), leaves: (ref) => this.#ports.store.leaves(ref) },
      engineFailed: failed,
      ...(this.#gpu ? { gpuDescription: this.#gpu.name } : {}),
    });
    run.provider = provider;
    if (loaded.engine) await this.#watch(run, loaded, loaded.engine, provider, failed);
    if (run.loaded !== loaded) return;
    [run.tokensBefore, run.jobsBefore] = [run.tally.tokens, run.tally.finished];
    for (const reason of this.#pauses.values()) provider.pause(reason);
    if (run.limits.promptTokens > 0) provider.limitPrompts(run.limits.promptTokens);
    provider.start();
    this.#state = undefined;
  }

  /** Puts the engine's steps under the owner's limits, and waits until its baseline is known. */
  async #watch(
    run: Run,
    loaded: LoadedEngine,
    engine: Engine,
    provider: Provider,
    failed: (error: ErrorBody) => void,
  ): Promise<void> {
    const duty = new Duty(
      {
        clock: this.#ports.clock,
        engine,
        yields: (reason) => provider.pause(reason),
        resumes: () => provider.resume(YIELDING),
        limitSlots: (slots) => provider.limitSlots(slots),
        rests: () => this.#pauses.size > 0,
        failed,
      },
      run.limits,
      run.controller,
    );
    run.duty = duty;
    try {
      await duty.warmUp(run.stop.signal);
    } catch (error) {
      // Else somebody saw the failure first, and has begun anew.
      if (run.loaded === loaded) throw error;
    }
  }

  async #load(run: Run): Promise<LoadedEngine> {
    const { order, stop, limits, reduction } = run;
    const progress = (step: LoadProgress): void => {
      if (this.#run === run) this.#state = { name: 'loading', model: order.model, progress: step };
    };
    progress({ phase: 'prepare' });
    const wanted = { ...order, ...limits };
    return loadFitting(this.#ports.source, wanted, reduction, progress, stop.signal, (found) => {
      run.reduction = found;
    });
  }

  /** The engine failed: another takes its place, as long as that makes sense. */
  async #recover(run: Run, failed: LoadedEngine, error: ErrorBody): Promise<void> {
    if (this.#run !== run || run.loaded !== failed) return;
    const { tally, recovery, order, stop } = run;
    const { clock } = this.#ports;
    if (tally.finished > run.jobsBefore) recovery.finished();
    let worked = hasWorked(run, clock.now());
    let cause = error;
    try {
      for (;;) {
        await this.#unload(run, cause);
        if (cause.code === 'out_of_memory') {
          const smaller = await shrink(this.#ports.source, order.model, run.reduction ?? order, cause);
          if (smaller) run.reduction = smaller;
        }
        const wait = recovery.next(cause, worked, clock.now());
        if (run.unloaded) return;
        this.#state = { name: 'recovering', model: order.model, reason: curedError(cause) };
        await sleep(clock, wait, stop.signal);
        if (run.unloaded) return;
        try {
          return await this.#launch(run);
        } catch (failure) {
          cause = errorBody(failure);
          worked = false;
          if (stop.signal.aborted || !PASSING.has(cause.code)) throw failure;
        }
      }
    } catch (failure) {
      const body = errorBody(failure);
      if (body.code === 'output_not_finite') this.#refused.set(refusalKey(order), body);
      await this.#end(run, body);
    }
  }

  async #unload(run: Run, reason?: ErrorBody): Promise<void> {
    const { provider, loaded, duty } = run;
    delete run.provider;
    delete run.loaded;
    delete run.duty;
    duty?.stop();
    const told = provider?.stop(reason);
    // Streams were stopped by now; the memory need not wait until the relay has heard of it.
    await Promise.all([told, loaded && closeServing(loaded)]);
  }

  /** Ends a run once: whoever calls first says whether an error stays in the status. */
  async #end(run: Run, error: ErrorBody | undefined): Promise<void> {
    if (run.stop.signal.aborted) return;
    run.stop.abort(new CodedError('aborted', 'Lending was stopped.'));
    this.#run = undefined;
    this.#state = error && { name: 'error', error: curedError(error) };
    this.#ending = this.#unload(run).finally(() => run.release?.());
    await this.#ending;
  }

  async #keep(attempt: StoredAttempt): Promise<void> {
    await this.#ports.store.put(attempt);
    this.#kept++;
  }
}

/** A model that one backend computes wrongly may be right on another. */
function refusalKey({ model, backend }: LendingOrder): string {
  return `${backend}/${model}`;
}

function modelOf({ model, encoder, engine }: LoadedEngine): Pick<LenderStatus, 'model' | 'engine'> {
  const offer = model?.offer ?? encoder?.offer;
  return { ...(offer ? { model: offer.id } : {}), ...(engine ? { engine: engine.capabilities } : {}) };
}
