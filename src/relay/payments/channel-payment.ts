import type { Hex } from '../../core/bytes.ts';
import { CHUNK_TOKENS } from '../../protocol/constants.ts';
import { type JobTerms, NO_PROGRESS, type Progress } from '../../protocol/money/price.ts';
import type { JobEnd, Payment, Work } from '../access/payment.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { ChunkOperation, CoverOperation, TailOperation } from '../ledger/operation.ts';
import type { ResultOf, StepOutcome } from '../ledger/result.ts';
import { refusalError } from './refusal.ts';

/** Output tokens that are covered beyond those that are paid: the chunk that runs and the one after it (rules M5, M6). */
const AHEAD_TOKENS = 2 * CHUNK_TOKENS;

export interface ChannelPaymentParts {
  readonly ledger: Ledger;
  /** ms since the epoch. */
  readonly now: () => number;
  readonly job: Hex;
  readonly channel: Hex;
  readonly terms: JobTerms;
  readonly maxTokens: number;
  /** What the reservation covers. */
  readonly covered: number;
  /** False while nothing more may be covered: the chain is out of sight. */
  readonly mayCover: () => boolean;
  /** The channel pays for nothing more. */
  readonly isOver: () => boolean;
  readonly paid: (provider: Hex, outcome: StepOutcome) => void;
  readonly ended: (payment: ChannelPayment) => void;
  /** The job needs more than the channel has. */
  readonly needs: (payment: ChannelPayment) => void;
}

/** What to reserve for a job that starts. */
export function firstCover(maxTokens: number): number {
  return Math.min(maxTokens, AHEAD_TOKENS);
}

/**
 * A job paid out of a channel: each accepted chunk is one durable operation, and only then is the chunk after the next
 * covered (rules M5, M6). What it covers grows with the channel's vouchers.
 */
export class ChannelPayment implements Payment {
  readonly terms: JobTerms;
  readonly job: Hex;
  readonly channel: Hex;
  readonly #parts: ChannelPaymentParts;
  readonly #listeners = new Set<() => void>();
  #covered: number;
  /** Of the work that was handed in; the ledger's may be behind. */
  #progress: Progress = NO_PROGRESS;
  #covers = 0;
  #charged = 0n;
  /** Says something in the stream that this pays for. */
  notify: (name: string, data: unknown) => void = () => {};

  constructor(parts: ChannelPaymentParts) {
    this.#parts = parts;
    this.#covered = parts.covered;
    this.terms = parts.terms;
    this.job = parts.job;
    this.channel = parts.channel;
  }

  /** What the agent was charged for this job, durably. */
  get charged(): bigint {
    return this.#charged;
  }

  /** Tokens that are covered and not paid yet: who has least is covered first. */
  get headroom(): number {
    return this.#covered - this.#progress.tokens;
  }

  covered(): number {
    return this.#covered;
  }

  onCovered(run: () => void): () => void {
    this.#listeners.add(run);
    return () => this.#listeners.delete(run);
  }

  isOver(): boolean {
    return this.#parts.isOver();
  }

  low(): void {
    if (this.#covered < this.#wanted()) this.#parts.needs(this);
  }

  /** Tokens of the next chunk that is not covered; 0 where all that may be covered is. */
  get uncovered(): number {
    return Math.max(0, Math.min(this.#covered + CHUNK_TOKENS, this.#parts.maxTokens) - this.#covered);
  }

  /** Asks for cover up to `ahead` chunks beyond what is paid; undefined where that is covered. */
  coverOperation(ahead: 1 | 2): CoverOperation | undefined {
    const cover = Math.min(this.#progress.tokens + ahead * CHUNK_TOKENS, this.#parts.maxTokens);
    if (cover <= this.#covered || !this.#parts.mayCover()) return undefined;
    return { type: 'cover', id: `${this.job}/cover/${this.#covers++}`, job: this.job, cover };
  }

  /** A durable result about this job. */
  take(covered: number): void {
    if (covered <= this.#covered) return;
    this.#covered = covered;
    for (const listener of this.#listeners) listener();
  }

  /** Its channel changed for good: who waits for cover learns that none will come. */
  wake(): void {
    for (const listener of this.#listeners) listener();
  }

  async pay(work: Work): Promise<void> {
    const before = this.#progress;
    this.#progress = work.progress;
    const steps = this.#operations(work, before);
    const { ledger } = this.#parts;
    for (const result of await ledger.commit(steps)) this.#book(work.provider, result);
    // A tail covers nothing by itself, as a chunk does: what the channel has for the next tab is asked for.
    const cover = work.kind === 'tail' ? this.coverOperation(2) : undefined;
    if (!cover) return;
    const [raised] = await ledger.commit([cover]);
    if (raised.ok) this.take(raised.covered);
  }

  async end({ finished, progress, provider, receipt }: JobEnd): Promise<void> {
    const { ledger, now } = this.#parts;
    const { job } = this;
    try {
      if (finished && provider !== undefined) {
        const finish = {
          id: `${job}/finish`,
          job,
          provider,
          before: progress,
          at: Math.floor(now()),
          receipt,
        } as const;
        const [result] = await ledger.commit([{ type: 'finish', ...finish }]);
        if (result.ok) return this.#book(provider, result);
        await this.#release();
        throw refusalError(result);
      }
      await this.#release(provider === undefined ? undefined : receipt);
    } finally {
      this.#parts.ended(this);
    }
  }

  /** The job could not be started: nothing is charged. */
  async abandon(): Promise<void> {
    await this.#release().finally(() => this.#parts.ended(this));
  }

  async #release(receipt?: JobEnd['receipt']): Promise<void> {
    const { job } = this;
    const [result] = await this.#parts.ledger.commit([
      { type: 'release', id: `${job}/release`, job, ...(receipt ? { receipt } : {}) },
    ]);
    if (!result.ok) throw refusalError(result);
    this.#charged = result.spent;
  }

  #wanted(): number {
    return Math.min(this.#progress.tokens + AHEAD_TOKENS, this.#parts.maxTokens);
  }

  /** A tail may be longer than a chunk, where a provider did not sign what it sent: several operations then. */
  #operations(
    { kind, lease, progress, provider }: Work,
    before: Progress,
  ): (ChunkOperation | TailOperation)[] {
    const { job } = this;
    const step = { job, provider, at: Math.floor(this.#parts.now()) };
    if (kind === 'chunk') {
      const tokens = progress.tokens - before.tokens;
      const cover = this.#parts.mayCover() ? this.#wanted() : 0;
      const id = `${job}/${lease}/${progress.chunks}`;
      return [{ type: 'chunk', id, before, tokens, cover, ...step }];
    }
    const tails: TailOperation[] = [];
    for (let at = before.tokens; at < progress.tokens; at += CHUNK_TOKENS) {
      const tokens = Math.min(CHUNK_TOKENS, progress.tokens - at);
      const from = { chunks: before.chunks, tokens: at };
      tails.push({ type: 'tail', id: `${job}/${lease}/tail/${at}`, before: from, tokens, ...step });
    }
    return tails;
  }

  /** @throws CodedError `payment_failed` */
  #book(
    provider: Hex,
    result: ResultOf<ChunkOperation | TailOperation> | ({ ok: true } & StepOutcome),
  ): void {
    if (!result.ok) throw refusalError(result);
    // Results may be heard out of their order: what was charged never shrinks.
    if (result.spent > this.#charged) this.#charged = result.spent;
    this.#parts.paid(provider, result);
    this.take(result.covered);
  }
}
