import type { Hex } from '../core/bytes.ts';
import type { Clock } from '../core/clock.ts';
import { CodedError, type ErrorBody, errorBody } from '../core/errors.ts';
import type { EmbedAssignment } from '../protocol/wire/embed.ts';
import type { Assignment, AttemptRef, Price } from '../protocol/wire/job.ts';
import type { ProviderMessage, RelayMessage, Room } from '../protocol/wire/messages.ts';
import { Attempt, type AttemptEnd } from './attempt.ts';
import { attemptKey, type AttemptStore } from './attempt-store.ts';
import { FlushTimer } from './flush-timer.ts';
import type { LeafBook } from './leaf-book.ts';
import { checkAssignment } from './income/assignment-check.ts';
import type { Income } from './income/income.ts';
import { openingOf } from './opening.ts';
import { checkRoom } from './room.ts';
import { EmbedRunner } from './embed-runner.ts';
import { type Serving, slotsOf } from './serving.ts';
import type { Signer } from './signer.ts';
import { Slots } from './slots.ts';
import type { Tally } from './tally.ts';

/** The relay's messages that concern jobs; a session has dealt with the others. */
export type JobMessage = Extract<RelayMessage, { type: 'assign' | 'embed' | 'credit' | 'cancel' | 'open' }>;

export interface RunnerOptions extends Serving {
  readonly signer: Signer;
  readonly clock: Clock;
  readonly store: AttemptStore;
  readonly leaves: LeafBook;
  readonly tally: Tally;
  readonly income: Income;
  readonly ask: Price;
  /** Read with each assignment: the owner may change it. */
  readonly room: () => Room;
  /** The relay's account, for the record. */
  readonly relay: Hex;
  readonly flushMs: number;
  readonly send: (message: ProviderMessage) => void;
  /** The engine serves nothing more: another has to take its place. */
  readonly engineFailed: (error: ErrorBody) => void;
  /** Something went wrong that costs no job but that the owner should know: the store is full. */
  readonly fault: (error: ErrorBody) => void;
}

const FATAL = new Set(['device_lost', 'engine_closed', 'engine_failed', 'out_of_memory']);

/** So many streams in a row whose logits were not finite are no accident of one prompt: the engine is to blame. */
const NOT_FINITE = 2;

/** Ended attempts that are remembered, to tell a message that crossed their end from one about nothing at all. */
const REMEMBERED = 256;

/**
 * Runs one connection's attempts. A new connection gets a new runner, so that nothing of a dead one goes on.
 */
export class Runner {
  readonly #options: RunnerOptions;
  readonly #slots: Slots;
  readonly #embeddings: EmbedRunner;
  readonly #timer: FlushTimer;
  readonly #live = new Map<string, Attempt>();
  readonly #running = new Set<Promise<void>>();
  readonly #ended = new Set<string>();
  #notFinite = 0;

  /** @param limit how many of the engine's slots `hello` granted. */
  constructor(options: RunnerOptions, limit: number, paused: boolean) {
    this.#options = options;
    this.#slots = new Slots(slotsOf(options), limit, !paused);
    this.#embeddings = new EmbedRunner({
      ...options,
      slots: this.#slots,
      ended: (key) => this.#remember(key),
      isFatal: (code) => FATAL.has(code),
    });
    this.#timer = new FlushTimer(options.clock, options.flushMs, () => this.#flush());
  }

  /** Jobs that run, of both kinds. */
  get active(): number {
    return this.#live.size + this.#embeddings.size;
  }

  get attempts(): readonly Attempt[] {
    return [...this.#live.values()];
  }

  handle(message: JobMessage): void {
    if (message.type === 'assign') return this.#assign(message);
    if (message.type === 'embed') return this.#embed(message);
    if (message.type === 'open') return void this.#open(message);
    if (message.type === 'cancel') this.#embeddings.find(message)?.stop({ kind: 'cancelled' });
    if (this.#embeddings.find(message)) return;
    const attempt = this.#live.get(attemptKey(message));
    if (!attempt) return this.#crossed(message);
    if (message.type === 'credit') attempt.grant(message.tokens);
    else attempt.stop({ kind: 'cancelled' });
  }

  /** Hands every attempt back at once and grants nothing until `resume` (rule P2). */
  pause(error: ErrorBody): void {
    this.#slots.close();
    for (const attempt of this.#live.values()) attempt.stop({ kind: 'handback', error });
    this.#embeddings.stopAll({ kind: 'handback', error });
  }

  resume(): void {
    const slots = this.#slots.resume();
    if (slots > 0) this.#options.send({ type: 'grant', slots });
  }

  /** From now on so many slots are filled at most (rule P3); what runs beyond it runs to its end. */
  limit(slots: number): void {
    const change = this.#slots.limit(slots);
    if (change > 0) this.#options.send({ type: 'grant', slots: change });
    if (change < 0) this.#options.send({ type: 'revoke', slots: -change });
  }

  /** The connection is gone: its attempts end, and nothing of them is sent. */
  drop(code: string): void {
    this.#slots.close();
    this.#timer.clear();
    for (const attempt of this.#live.values()) attempt.stop({ kind: 'lost', code });
    this.#embeddings.stopAll({ kind: 'lost', code });
  }

  /** Resolves when every attempt of now has been told and kept. */
  async settled(): Promise<void> {
    await Promise.all([...this.#running, this.#embeddings.settled()]);
  }

  /** Fills a slot for a new attempt of either kind; false where it is refused, which the relay was told. */
  #admit(ref: AttemptRef): boolean {
    const { job, lease } = ref;
    const key = attemptKey(ref);
    const handBack = (code: string, reason: string, grant: 0 | 1): false => {
      this.#options.send({ type: 'handback', job, lease, code, reason, grant });
      return false;
    };
    if (this.#live.has(key) || this.#embeddings.find(ref) || this.#ended.has(key)) {
      this.#complain(new CodedError('attempt_duplicate', 'An attempt was assigned twice.', { job, lease }));
      return false;
    }
    if (!this.#slots.fill()) return handBack('slots_exceeded', 'No slot was granted for this attempt.', 0);
    if (!this.#slots.open) return handBack('paused', 'The provider pauses.', this.#slots.free());
    if (this.#slots.crowded) return handBack('paused', 'The provider works less now.', this.#slots.free());
    return true;
  }

  #embed(assignment: EmbedAssignment): void {
    if (this.#admit(assignment)) this.#embeddings.assign(assignment);
  }

  #assign(assignment: Assignment): void {
    if (!this.#admit(assignment)) return;
    const { job, lease, model: wanted } = assignment;
    const { engine, model } = this.#options;
    const key = attemptKey(assignment);
    const handBack = (code: string, reason: string): void =>
      this.#options.send({ type: 'handback', job, lease, code, reason, grant: this.#slots.free() });
    if (!engine || wanted.manifest !== model?.offer.manifest || wanted.variant !== model.offer.variant) {
      return handBack('model_not_loaded', 'Another model is loaded here.');
    }
    try {
      checkRoom(assignment, this.#options.room());
    } catch (error) {
      const body = errorBody(error);
      return handBack(body.code, body.message);
    }
    try {
      checkAssignment(assignment, this.#options.income.terms, this.#options.ask);
    } catch (error) {
      const body = errorBody(error);
      this.#options.fault(body);
      return handBack(body.code, body.message);
    }
    const { stopIds, stopWhen } = model;
    const attempt = new Attempt(assignment, {
      ...this.#options,
      engine,
      stopIds,
      stopWhen,
      flushLater: () => this.#timer.arm(),
      decoded: (tokens) => this.#options.tally.decoded(tokens),
      claimed: (total) => this.#options.income.claim(key, total),
    });
    this.#live.set(key, attempt);
    const running = this.#run(key, attempt, model.offer.id).finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  #remember(key: string): void {
    this.#ended.add(key);
    for (const oldest of this.#ended) {
      if (this.#ended.size <= REMEMBERED) break;
      this.#ended.delete(oldest);
    }
  }

  async #run(key: string, attempt: Attempt, modelId: string): Promise<void> {
    const end = await attempt.run();
    this.#live.delete(key);
    this.#remember(key);
    this.#options.tally.ended(end.kind === 'finished');
    this.#settle(attempt, end);
    if (attempt.chunks.length > 0) await this.#keep(attempt, end, modelId);
  }

  /** Tells the relay how an attempt ended, with its slot back. */
  #settle({ assignment, ids }: Attempt, end: AttemptEnd): void {
    const { job, lease } = assignment;
    const { send, income } = this.#options;
    const key = attemptKey(assignment);
    if (end.kind === 'finished') {
      const { finish, receipt } = end;
      this.#notFinite = 0;
      income.claim(key, BigInt(receipt.total));
      send({ type: 'result', job, lease, finish, count: ids.length, receipt, grant: this.#slots.free() });
    } else if (end.kind === 'handback') {
      if (end.error.code === 'output_not_finite') this.#notFinite++;
      const fatal = FATAL.has(end.error.code) || this.#notFinite >= NOT_FINITE;
      if (fatal) this.#slots.close();
      const { code, message } = end.error;
      send({ type: 'handback', job, lease, code, reason: message.slice(0, 500), grant: this.#slots.free() });
      if (fatal) this.#options.engineFailed(end.error);
    } else if (end.kind === 'cancelled') {
      income.cancel(key);
      if (this.#slots.free() === 1) send({ type: 'grant', slots: 1 });
    }
    income.end(key);
  }

  /** Keeps an attempt's proof and leaves until its work vests (rule C4). */
  async #keep(attempt: Attempt, end: AttemptEnd, modelId: string): Promise<void> {
    const { assignment, ids, chunks, leaves, startedAt } = attempt;
    const { signer, relay, clock, store, fault } = this.#options;
    this.#options.leaves.keep(assignment, leaves);
    try {
      await store.put({
        job: assignment.job,
        lease: assignment.lease,
        account: signer.account,
        relay,
        modelId,
        promptTokens: assignment.prompt.length,
        first: assignment.prior.length,
        count: ids.length,
        chunks,
        leaves,
        receipt: end.kind === 'finished' ? end.receipt : null,
        ended: endCode(end),
        startedAt,
        endedAt: clock.now(),
      });
    } catch (error) {
      fault(errorBody(error));
    }
  }

  async #open({ job, lease }: JobMessage): Promise<void> {
    const live = this.#live.get(attemptKey({ job, lease }));
    try {
      const leaves = live ? live.leaves : await this.#options.leaves.find({ job, lease });
      this.#options.send(openingOf({ job, lease }, leaves));
    } catch (error) {
      this.#options.fault(errorBody(error));
      this.#options.send(openingOf({ job, lease }, []));
    }
  }

  /** A `credit` or `cancel` without a live attempt: it crossed the attempt's end, or is about nothing at all. */
  #crossed({ type, job, lease }: JobMessage): void {
    if (!this.#ended.has(attemptKey({ job, lease }))) {
      this.#complain(new CodedError('attempt_unknown', `A ${type} names no attempt.`, { job, lease }));
    }
  }

  #complain(error: CodedError): void {
    this.#options.send({ type: 'error', ...error.toBody() });
  }

  #flush(): void {
    const waiting = this.attempts.filter((attempt) => attempt.flushDue());
    if (waiting.length > 0) this.#timer.arm();
  }
}

function endCode(end: AttemptEnd): string {
  switch (end.kind) {
    case 'handback':
      return end.error.code;
    case 'lost':
      return end.code;
    default:
      return end.kind;
  }
}
