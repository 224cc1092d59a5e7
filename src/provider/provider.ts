import { type Clock, sleep } from '../core/clock.ts';
import { CodedError, type ErrorBody } from '../core/errors.ts';
import type { Random } from '../core/random.ts';
import type { Connect, FrameSocket } from '../protocol/wire/frame-socket.ts';
import { FREE, type Price } from '../protocol/wire/job.ts';
import type { Room } from '../protocol/wire/messages.ts';
import type { AttemptStore } from './attempt-store.ts';
import { backoff } from './backoff.ts';
import { openSocket } from './dial.ts';
import { Income } from './income/income.ts';
import type { PayoutStore } from './income/payout-store.ts';
import { LeafBook } from './leaf-book.ts';
import { Runner } from './runner.ts';
import { contextOf, machineOf, offersOf, type Serving, slotsOf, worstStepMsOf } from './serving.ts';
import { type Introduction, Session, type Welcome } from './session.ts';
import type { SessionEnd } from './session-end.ts';
import type { Signer } from './signer.ts';
import { type LinkState, type LinkStatus, type RelayStatus, streamStatus } from './status.ts';
import { Tally } from './tally.ts';

export interface ProviderOptions extends Serving {
  /** For example `wss://relay.example/v1/provider`. */
  readonly relayUrl: string;
  readonly connect: Connect;
  readonly clock: Clock;
  readonly random: Random;
  readonly signer: Signer;
  readonly store: AttemptStore;
  /** The adapter in words, for the operator's list. */
  readonly gpuDescription?: string;
  /** Counts that go on from an earlier provider; new ones by default. */
  readonly tally?: Tally;
  readonly ask?: Price;
  /** Where vouchers are kept; by default they go with the provider. */
  readonly payouts?: PayoutStore;
  /** What the relay may owe before this provider takes no more jobs, in pico. */
  readonly creditLimit?: bigint;
  /** The engine serves nothing more (`device_lost`, …). Its attempts were handed back. */
  readonly engineFailed?: (error: ErrorBody) => void;
}

/** A connection that lasted this long was a good one: the next failure starts the backoff anew. */
const GOOD_MS = 10_000;
/** How long `stop` waits for the last signatures. */
const PARTING_MS = 1_000;

/**
 * A lending tab without the tab: keeps one connection to a relay and serves its jobs on one engine. The simulation
 * runs this same code with its own clock, network and engine.
 */
export class Provider {
  readonly #options: ProviderOptions;
  readonly #tally: Tally;
  readonly #leaves: LeafBook;
  readonly #income: Income;
  /** Why it takes no jobs, by code: the owner's own pause, a game, the battery. */
  readonly #pauses = new Map<string, ErrorBody>();
  /** Slots that may be filled. */
  #limit: number;
  /** The prompt that the owner allows, in tokens. */
  #promptLimit = Number.POSITIVE_INFINITY;
  /** What the last `hello` granted. */
  #offered = 0;
  #relay: RelayStatus;
  /** The connection's part of the state; `status` puts pauses and jobs over it. */
  #link: Extract<LinkState, { name: 'idle' | 'connecting' | 'error' }> | { name: 'ready' } = { name: 'idle' };
  #session: Session | undefined;
  #runner: Runner | undefined;
  #draining = false;
  #held: ErrorBody | undefined;
  #failed: ErrorBody | undefined;
  #fault: ErrorBody | undefined;
  #life: AbortController | undefined;
  #waiting: AbortController | undefined;

  constructor(options: ProviderOptions) {
    this.#options = options;
    this.#tally = options.tally ?? new Tally(options.clock);
    this.#limit = slotsOf(options);
    this.#leaves = new LeafBook(options.store);
    this.#relay = { url: options.relayUrl, connected: false };
    this.#income = new Income({
      clock: options.clock,
      account: options.signer.account,
      ...(options.payouts ? { store: options.payouts } : {}),
      ...(options.creditLimit === undefined ? {} : { limit: options.creditLimit }),
      ask: () => this.#session?.sendReady({ type: 'payout' }),
      hold: (reason) => this.#hold(reason),
      fault: (error) => (this.#fault = error),
    });
  }

  /** Connects, and stays connected until `stop`. */
  start(): void {
    if (this.#life) return;
    this.#life = new AbortController();
    void this.#stayConnected(this.#life.signal);
  }

  /** Hands back what runs, for this reason, then closes the connection. */
  async stop(reason: ErrorBody = { code: 'stopped', message: 'The provider stops.' }): Promise<void> {
    const life = this.#life;
    if (!life) return;
    this.#life = undefined;
    if (this.#runner) {
      // Without a model the relay takes the hand-backs for what they are: the owner's leave, and nobody's fault.
      this.#session?.sendReady({ type: 'models', models: [] });
      this.#runner.pause(reason);
      await Promise.race([this.#runner.settled(), sleep(this.#options.clock, PARTING_MS)]);
    }
    life.abort(new CodedError('stopped', 'The provider stops.'));
    this.#session?.close('stopped');
    this.#link = { name: 'idle' };
  }

  /** Takes no jobs until `resume` of the same code; hands back those that run (rule P2). The connection stays. */
  pause(reason: ErrorBody): void {
    this.#pauses.set(reason.code, reason);
    this.#rest(reason);
  }

  resume(code = 'paused'): void {
    if (this.#pauses.delete(code)) this.#work();
  }

  /** From now on so many slots are filled at most (rule P3): what runs beyond it runs to its end. */
  limitSlots(slots: number): void {
    this.#limit = slots;
    this.#runner?.limit(slots);
  }

  /** From now on prompts of so many tokens are taken at most (rule P4). */
  limitPrompts(tokens: number): void {
    this.#promptLimit = tokens;
    this.#session?.sendReady({ type: 'models', models: this.#models(), room: this.#room() });
  }

  /** Asks the relay to pay now what has vested; the status says what comes of it. */
  requestPayout(): void {
    this.#income.request();
  }

  /** @param limit what the relay may owe before this provider takes no more jobs, in pico */
  trust(limit: bigint): void {
    this.#income.trust(limit);
  }

  /** Tries to connect now instead of at the end of the backoff: the machine is online again. */
  retryNow(): void {
    this.#waiting?.abort(new CodedError('retry', 'Trying now.'));
  }

  status(): LinkStatus {
    const { signer } = this.#options;
    const income = this.#income.status();
    return {
      state: this.#state(),
      account: signer.account,
      relay: this.#relay,
      streams: (this.#runner?.attempts ?? []).map(streamStatus),
      slots: slotsOf(this.#options),
      tokensPerSecond: this.#tally.tokensPerSecond,
      tokens: this.#tally.tokens,
      ...(this.#options.encoder ? { vectors: this.#tally.vectors } : {}),
      jobs: this.#tally.finished,
      unfinished: this.#tally.unfinished,
      ...(income ? { income } : {}),
      ...(this.#fault ? { fault: this.#fault } : {}),
    };
  }

  #rest(reason: ErrorBody): void {
    this.#session?.sendReady({ type: 'models', models: [] });
    this.#runner?.pause(reason);
  }

  #work(): void {
    if (this.#pauses.size > 0 || this.#held) return;
    this.#session?.sendReady({ type: 'models', models: this.#models() });
    this.#runner?.resume();
  }

  /** The owner's money says whether there is work. Jobs that run are handed back: they go on elsewhere. */
  #hold(reason: ErrorBody | undefined): void {
    this.#held = reason;
    if (reason) this.#rest(reason);
    else this.#work();
  }

  #state(): LinkState {
    if (this.#failed) return { name: 'error', error: this.#failed };
    if (this.#link.name === 'idle' || this.#link.name === 'error') return this.#link;
    const pause = firstPause(this.#pauses);
    if (pause) return { name: 'paused', reason: pause };
    if (this.#link.name === 'connecting') return this.#link;
    if (this.#held) return { name: 'held', reason: this.#held };
    if (this.#runner && this.#runner.active > 0) return { name: 'serving' };
    return { name: 'waiting', reason: this.#draining ? 'relay_draining' : 'no_jobs' };
  }

  #models(): Introduction['models'] {
    const idle = this.#pauses.size > 0 || this.#held || this.#failed;
    return idle ? [] : offersOf(this.#options);
  }

  #room(): Room {
    const context = contextOf(this.#options);
    return { prompt: Math.min(context, this.#promptLimit), context };
  }

  async #stayConnected(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#options;
    let failures = 0;
    let last: ErrorBody | undefined;
    while (!signal.aborted) {
      this.#link = { name: 'connecting', failures, ...(last ? { last } : {}) };
      const end = await this.#connectOnce(signal);
      if (signal.aborted) return;
      last = { code: end.code, message: end.message };
      if (!end.retry) {
        this.#link = { name: 'error', error: last };
        return;
      }
      failures = end.servedMs >= GOOD_MS ? 1 : failures + 1;
      const wait = backoff(failures, random);
      this.#link = { name: 'connecting', failures, retryAt: clock.now() + wait, last };
      this.#waiting = new AbortController();
      try {
        await sleep(clock, wait, AbortSignal.any([signal, this.#waiting.signal]));
      } catch {
        // Woken by `retryNow` or `stop`: the loop's condition tells which.
      }
    }
  }

  async #connectOnce(signal: AbortSignal): Promise<SessionEnd> {
    const opened = await openSocket(this.#options, signal);
    if ('end' in opened) return opened.end;
    const end = await this.#serve(opened.socket);
    this.#relay = { ...this.#relay, connected: false };
    this.#session = undefined;
    this.#runner?.drop(end.code);
    this.#runner = undefined;
    return end;
  }

  #serve(socket: FrameSocket): Promise<SessionEnd> {
    const session = new Session(socket, {
      clock: this.#options.clock,
      signer: this.#options.signer,
      introduce: () => this.#introduce(),
      welcomed: (welcome, relay) => this.#begin(session, welcome, relay),
      job: (message) => this.#runner?.handle(message),
      money: (message) => this.#income.hear(message),
      draining: () => (this.#draining = true),
      relayError: (error) => (this.#relay = { ...this.#relay, lastError: error }),
      heartbeat: () => this.#pulse(),
    });
    this.#session = session;
    this.#draining = false;
    return session.ended;
  }

  #introduce(): Introduction {
    const { gpuDescription, ask } = this.#options;
    const { gpu, engine } = machineOf(this.#options);
    this.#offered = this.#limit;
    return {
      gpu: { ...gpu, description: gpuDescription ?? gpu.class },
      engine,
      models: this.#models(),
      slots: this.#offered,
      room: this.#room(),
      worstStepMs: this.#worstStepMs(),
      features: [...(this.#options.engine?.capabilities.features ?? [])],
      ask: ask ?? FREE,
    };
  }

  #pulse(): { worstStepMs: number; active: number } {
    this.#income.tick();
    return { worstStepMs: this.#worstStepMs(), active: this.#runner?.active ?? 0 };
  }

  #begin(session: Session, { free, flushMs, payouts }: Welcome, relay: Relay): void {
    const { lastError: _, ...before } = this.#relay;
    this.#relay = { ...before, connected: true, account: relay, free };
    this.#link = { name: 'ready' };
    const options = {
      ...this.#options,
      relay,
      flushMs,
      ask: this.#options.ask ?? FREE,
      room: () => this.#room(),
      leaves: this.#leaves,
      tally: this.#tally,
      income: this.#income,
      send: session.send.bind(session),
      fault: (error: ErrorBody) => (this.#fault = error),
      engineFailed: (error: ErrorBody) => this.#engineFailed(error),
    };
    const idle = this.#pauses.size > 0 || this.#held !== undefined;
    this.#runner = new Runner(options, this.#offered, idle);
    if (this.#limit !== this.#offered) this.#runner.limit(this.#limit);
    this.#income.begin(payouts);
  }

  #engineFailed(error: ErrorBody): void {
    if (this.#failed) return;
    this.#failed = error;
    this.#session?.sendReady({ type: 'models', models: [] });
    this.#options.engineFailed?.(error);
  }

  #worstStepMs(): number {
    return worstStepMsOf(this.#options);
  }
}

/** The owner's own pause before all others, then the oldest. */
function firstPause(pauses: ReadonlyMap<string, ErrorBody>): ErrorBody | undefined {
  return pauses.get('paused') ?? pauses.values().next().value;
}

type Relay = NonNullable<RelayStatus['account']>;
