import type { Hex } from '../core/bytes.ts';
import type { Clock } from '../core/clock.ts';
import { errorBody, type ErrorBody } from '../core/errors.ts';
import type { AttemptRef } from '../protocol/wire/job.ts';
import type { EmbedAssignment, SignedEmbedReceipt } from '../protocol/wire/embed.ts';
import { attemptKey, type AttemptStore } from './attempt-store.ts';
import { EmbedAttempt, type EmbedEnd } from './embed-attempt.ts';
import { checkEmbedAssignment } from './income/assignment-check.ts';
import { checkInput } from './room.ts';
import type { Income } from './income/income.ts';
import type { LoadedEncoder } from './serving.ts';
import type { Signer } from './signer.ts';
import type { Tally } from './tally.ts';
import type { Price } from '../protocol/wire/job.ts';
import type { ProviderMessage, Room } from '../protocol/wire/messages.ts';
import type { Slots } from './slots.ts';

export interface EmbedRunnerParts {
  readonly encoder?: LoadedEncoder;
  readonly signer: Signer;
  readonly store: AttemptStore;
  /** The relay's account, for the record. */
  readonly relay: Hex;
  readonly clock: Clock;
  readonly tally: Tally;
  readonly income: Income;
  readonly ask: Price;
  readonly room: () => Room;
  readonly send: (message: ProviderMessage) => void;
  readonly engineFailed: (error: ErrorBody) => void;
  readonly fault: (error: ErrorBody) => void;
  /** The connection's, shared with its streams. */
  readonly slots: Slots;
  /** Remembers an attempt that ended. */
  readonly ended: (key: string) => void;
  /** Whether the engine serves nothing more after an error. */
  readonly isFatal: (code: string) => boolean;
}

/** Runs one connection's embedding jobs, beside its streams. */
export class EmbedRunner {
  readonly #parts: EmbedRunnerParts;
  readonly #live = new Map<string, EmbedAttempt>();
  readonly #running = new Set<Promise<void>>();

  constructor(parts: EmbedRunnerParts) {
    this.#parts = parts;
  }

  get size(): number {
    return this.#live.size;
  }

  find(ref: AttemptRef): EmbedAttempt | undefined {
    return this.#live.get(attemptKey(ref));
  }

  /** The caller has filled a slot for it. */
  assign(assignment: EmbedAssignment): void {
    const { encoder, signer, clock, income, ask, slots } = this.#parts;
    const { job, lease, model } = assignment;
    const handBack = (code: string, reason: string): void =>
      this.#parts.send({ type: 'handback', job, lease, code, reason, grant: slots.free() });
    const offer = encoder?.offer;
    if (!encoder || offer?.manifest !== model.manifest || offer.variant !== model.variant) {
      return handBack('model_not_loaded', 'Another model is loaded here.');
    }
    const longest = assignment.inputs.reduce((most, { length }) => Math.max(most, length), 0);
    try {
      checkInput(longest, this.#parts.room());
    } catch (error) {
      const { code, message } = errorBody(error);
      return handBack(code, message);
    }
    try {
      checkEmbedAssignment(assignment, income.terms, ask);
    } catch (error) {
      const body = errorBody(error);
      this.#parts.fault(body);
      return handBack(body.code, body.message);
    }
    const attempt = new EmbedAttempt(assignment, { embedder: encoder.embedder, signer, clock });
    this.#live.set(attemptKey(assignment), attempt);
    const running = this.#run(attempt).finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  stopAll(end: EmbedEnd): void {
    for (const attempt of this.#live.values()) attempt.stop(end);
  }

  async settled(): Promise<void> {
    await Promise.all(this.#running);
  }

  async #run(attempt: EmbedAttempt): Promise<void> {
    const end = await attempt.run();
    const { job, lease, inputs } = attempt.assignment;
    const { income, send, slots, tally } = this.#parts;
    const key = attemptKey(attempt.assignment);
    this.#live.delete(key);
    this.#parts.ended(key);
    tally.ended(end.kind === 'finished');
    if (end.kind === 'finished') {
      tally.embedded(inputs.length, attempt.tokens);
      income.claim(key, BigInt(end.receipt.total));
      const { vectors, receipt } = end;
      send({ type: 'embedded', job, lease, vectors, receipt, grant: slots.free() });
    } else if (end.kind === 'handback') {
      const { code, message } = end.error;
      const isFatal = this.#parts.isFatal(code);
      if (isFatal) slots.close();
      send({ type: 'handback', job, lease, code, reason: message.slice(0, 500), grant: slots.free() });
      if (isFatal) this.#parts.engineFailed(end.error);
    } else if (end.kind === 'cancelled' && slots.free() === 1) {
      send({ type: 'grant', slots: 1 });
    }
    income.end(key);
    if (end.kind === 'finished') await this.#keep(attempt, end.receipt);
  }

  /** Keeps the proof of what was made. */
  async #keep({ assignment }: EmbedAttempt, embedding: SignedEmbedReceipt): Promise<void> {
    const { clock, encoder, fault, relay, signer, store } = this.#parts;
    const { job, lease, tokens: promptTokens, startedAt } = embedding;
    const nothing = { first: 0, count: 0, chunks: [], leaves: [], receipt: null };
    const times = { startedAt, endedAt: clock.now() };
    const modelId = encoder?.offer.id ?? assignment.model.variant;
    const facts = { account: signer.account, relay, modelId, promptTokens, ended: 'finished' };
    try {
      await store.put({ job, lease, ...facts, ...nothing, embedding, ...times });
    } catch (error) {
      fault(errorBody(error));
    }
  }
}
