import { type Clock, sleep } from '../../core/clock.ts';
import { abortError, CodedError, type ErrorBody, errorBody } from '../../core/errors.ts';
import type { Random } from '../../core/random.ts';
import type { Connect } from '../../protocol/wire/frame-socket.ts';
import type { AttemptStore, StoredAttempt } from '../attempt-store.ts';
import type { PayoutStore } from '../income/payout-store.ts';
import { Provider } from '../provider.ts';
import type { Signer } from '../signer.ts';
import { Tally } from '../tally.ts';
import type { EngineOrder, EngineSource, GpuReport, LoadedEngine, LoadProgress } from './engine-source.ts';
import { runSelfTest, type SelfTestOrder, type SelfTestResult } from './self-test.ts';
import { curedError, curedState, type LenderState, type LenderStatus } from './lender-status.ts';

/** What the owner chose before pressing start. */
export interface LendingOrder extends EngineOrder {
  readonly relayUrl: string;
  /** What the relay may owe before this tab takes no more jobs, in pico as a decimal string. */
  readonly creditLimit: string;
}

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

/** An engine that failed is loaded again this often in a row, each time after a longer wait. */
const RECOVERIES = 3;
const RECOVERY_MS = 2_000;
/** An engine that served this long was a good one: its failure counts as the first. */
const GOOD_MS = 10 * 60_000;

interface Run {
  readonly order: LendingOrder;
  readonly stop: AbortController;
  readonly tally: Tally;
  release?: () => void;
  loaded?: LoadedEngine;
  provider?: Provider;
  recoveries: number;
  servingSince: number;
}

/**
 * Lending as its owner sees it: start, stop, pause, resume, one status. Loads the engine, keeps a provider on it, and
 * loads it anew when the GPU was lost.
 */
export class Lender {
  readonly #ports: LenderPorts;
  #run: Run | undefined;
  #state: LenderState | undefined;
  #gpu: GpuReport | undefined;
  #paused: ErrorBody | undefined;
  /** The last run's farewell: the next one's engine waits for its memory. */
  #ending: Promise<void> | undefined;
  #kept = 0;

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
    const run: Run = { order, stop, tally: new Tally(this.#ports.clock), recoveries: 0, servingSince: 0 };
    this.#run = run;
    this.#state = { name: 'loading', model: order.model, progress: { phase: 'prepare' } };
    try {
      await this.#ending;
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
    this.#paused = undefined;
    this.#state = undefined;
    if (this.#run) await this.#end(this.#run, undefined);
  }

  /** Takes no jobs until `resume`; hands back those that run. The model stays loaded. */
  pause(message: string): void {
    this.#paused = { code: 'paused', message };
    this.#run?.provider?.pause(this.#paused);
  }

  resume(): void {
    this.#paused = undefined;
    this.#run?.provider?.resume();
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
    if (!engine) throw new CodedError('not_loaded', 'Press start first: no model is loaded.');
    return runSelfTest(engine, order, performance);
  }

  /** The machine is online again. */
  retryNow(): void {
    this.#run?.provider?.retryNow();
  }

  status(): LenderStatus {
    const { signer } = this.#ports;
    const { provider, loaded, order } = this.#run ?? {};
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
      ...(loaded ? { model: loaded.model.offer.id, engine: loaded.engine.capabilities } : {}),
      stepMs: loaded?.engine.timings().stepMs ?? 0,
      kept: this.#kept,
    };
  }

  /** Loads the engine and starts a provider on it. */
  async #launch(run: Run): Promise<void> {
    const { order, stop } = run;
    const progress = (step: LoadProgress): void => {
      if (this.#run === run) this.#state = { name: 'loading', model: order.model, progress: step };
    };
    progress({ phase: 'prepare' });
    const loaded = await this.#ports.source.load(order, progress, stop.signal);
    if (stop.signal.aborted) {
      await loaded.engine.close();
      throw abortError(stop.signal);
    }
    run.loaded = loaded;
    run.servingSince = this.#ports.clock.now();
    run.provider = new Provider({
      ...this.#ports,
      ...loaded,
      relayUrl: order.relayUrl,
      creditLimit: BigInt(order.creditLimit),
      tally: run.tally,
      store: { put: (attempt) => this.#keep(attempt), leaves: (ref) => this.#ports.store.leaves(ref) },
      engineFailed: (error) => void this.#recover(run, error),
      ...(this.#gpu ? { gpuDescription: this.#gpu.name } : {}),
    });
    if (this.#paused) run.provider.pause(this.#paused);
    run.provider.start();
    this.#state = undefined;
  }

  /** The engine failed: the same again from the start, a few times, then the error stands. */
  async #recover(run: Run, error: ErrorBody): Promise<void> {
    if (this.#run !== run) return;
    const { clock } = this.#ports;
    run.recoveries = clock.now() - run.servingSince > GOOD_MS ? 1 : run.recoveries + 1;
    try {
      await this.#unload(run);
      if (run.recoveries > RECOVERIES) throw CodedError.fromBody(error);
      this.#state = { name: 'loading', model: run.order.model, progress: { phase: 'prepare' } };
      await sleep(clock, RECOVERY_MS * run.recoveries, run.stop.signal);
      await this.#launch(run);
    } catch (failure) {
      await this.#end(run, errorBody(failure));
    }
  }

  async #unload(run: Run): Promise<void> {
    const { provider, loaded } = run;
    delete run.provider;
    delete run.loaded;
    await provider?.stop();
    await loaded?.engine.close();
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
