import type { Clock } from '../core/clock.ts';
import { CodedError, errorBody } from '../core/errors.ts';
import type { Engine, EngineStream, StreamEnd } from '../engine/engine.ts';
import type { Assignment, Finish, SignedChunk, SignedReceipt } from '../protocol/wire/job.ts';
import { type TokenLogprobs, tokenLogprobs } from '../protocol/wire/logprobs.ts';
import type { ProviderMessage } from '../protocol/wire/messages.ts';
import type { Sample } from '../protocol/wire/sample.ts';
import type { EndOf } from './attempt-end.ts';
import { Chunker, type ClosedChunk } from './chunker.ts';
import { signReceipt } from './receipt.ts';
import type { Signer } from './signer.ts';

export type AttemptEnd = EndOf<{ readonly finish: Finish; readonly receipt: SignedReceipt }>;

/** What an attempt works with. */
export interface AttemptPorts {
  readonly engine: Engine;
  readonly signer: Signer;
  readonly clock: Clock;
  readonly flushMs: number;
  readonly stopIds: readonly number[];
  readonly stopWhen: (stop: readonly string[], prior: readonly number[]) => (id: number) => boolean;
  readonly send: (message: ProviderMessage) => void;
  /** Asks for a call of `flush` within the flush interval: ids wait. */
  readonly flushLater: () => void;
  readonly decoded: (tokens: number) => void;
  /** A chunk was sent that states this total, in pico. */
  readonly claimed: (total: bigint) => void;
}

/**
 * One lease of a job: engine stream in, deltas and signed chunks out. A chunk's signature is on its way while the
 * next tokens are decoded; chunks leave in order, each after the delta that holds its ids (rule C5).
 */
export class Attempt {
  readonly assignment: Assignment;
  readonly startedAt: number;
  readonly ids: number[] = [];
  readonly chunks: SignedChunk[] = [];
  /** One per signed chunk. */
  readonly leaves: Uint8Array[] = [];
  readonly #ports: AttemptPorts;
  readonly #chunker: Chunker;
  readonly #abort = new AbortController();
  readonly #stopped: Promise<AttemptEnd>;
  #resolveStopped!: (end: AttemptEnd) => void;
  #stop: AttemptEnd | undefined;
  #stream: EngineStream | undefined;
  #credit: number;
  #pending: number[] = [];
  /** Of the pending ids, where the job asked for them. */
  #logprobs: TokenLogprobs[] = [];
  #flushedAt = Number.NEGATIVE_INFINITY;
  #signing: Promise<void> = Promise.resolve();

  constructor(assignment: Assignment, ports: AttemptPorts) {
    this.assignment = assignment;
    this.#ports = ports;
    this.startedAt = ports.clock.now();
    this.#credit = Math.min(assignment.credit, assignment.maxTokens);
    this.#chunker = new Chunker(assignment);
    this.#stopped = new Promise((resolve) => (this.#resolveStopped = resolve));
  }

  /** What it has earned by the chunks that were sent, in pico. */
  get earned(): string {
    return this.chunks.at(-1)?.total ?? '0';
  }

  /** Raises the number of output tokens that may be decoded (rule C6); a lower number is ignored. */
  grant(tokens: number): void {
    this.#credit = Math.max(this.#credit, Math.min(tokens, this.assignment.maxTokens));
    this.#stream?.grant(this.#credit);
  }

  /** Ends the attempt at once, whatever the engine is doing; `run` then resolves with `end`. The first call counts. */
  stop(end: AttemptEnd): void {
    if (this.#stop) return;
    this.#stop = end;
    this.#resolveStopped(end);
    this.#abort.abort(new CodedError('aborted', 'The attempt ended.'));
  }

  /** Sends the ids that wait, unless the last delta is younger than the flush interval. True if some still wait. */
  flushDue(): boolean {
    if (this.#ports.clock.now() - this.#flushedAt >= this.#ports.flushMs) this.#flush();
    return this.#pending.length > 0;
  }

  /** Decodes to the end, sends everything but `result` or `handback`, and says how it ended. Never rejects. */
  async run(): Promise<AttemptEnd> {
    const decoding = this.#decode();
    let end: AttemptEnd | undefined;
    let finish: Finish | undefined;
    try {
      // The race matters for `stop`: a pause must not wait for a GPU that hangs.
      const first = await Promise.race([this.#stopped, decoding]);
      if (typeof first === 'string') finish = first;
      else end = first;
    } catch (error) {
      end = { kind: 'handback', error: errorBody(error) };
      this.stop(end);
    }
    this.#flush();
    const last = this.#isUnheard() ? undefined : this.#chunker.close();
    if (last) this.#sign(last);
    try {
      await this.#signing;
      if (finish) end = { kind: 'finished', finish, receipt: await this.#signReceipt(finish) };
    } catch (error) {
      end ??= { kind: 'handback', error: errorBody(error) };
    }
    return this.#isUnheard() ? (this.#stop as AttemptEnd) : (end as AttemptEnd);
  }

  #signReceipt(finish: Finish): Promise<SignedReceipt> {
    const { engine, signer, clock } = this.#ports;
    const { commitment, chunks } = this.#chunker;
    const times = { startedAt: this.startedAt, endedAt: clock.now() };
    const outcome = { ids: this.ids, finish, commitment, chunks, ...times };
    return signReceipt(this.assignment, outcome, engine.capabilities, signer);
  }

  /** True once nobody waits for this attempt: what is still being signed is not sent. */
  #isUnheard(): boolean {
    return this.#stop?.kind === 'cancelled' || this.#stop?.kind === 'lost';
  }

  async #decode(): Promise<Finish> {
    const { engine, stopIds, stopWhen } = this.#ports;
    const { prompt, prior, spec, seed, choice, topLogprobs, scope, maxTokens, stop } = this.assignment;
    this.#stream = engine.open({
      tokens: [...prompt, ...prior],
      spec,
      seed,
      choice,
      outputStart: prompt.length,
      ...(topLogprobs === undefined ? {} : { topLogprobs }),
      ...(scope === undefined ? {} : { scope }),
      maxTokens,
      credit: this.#credit,
      stopIds,
      ...(stop.length > 0 ? { stopWhen: stopWhen(stop, prior) } : {}),
      signal: this.#abort.signal,
    });
    const samples = this.#stream[Symbol.asyncIterator]();
    for (;;) {
      const { done, value } = await samples.next();
      if (done) return finishOf(value);
      if (this.#abort.signal.aborted) throw new CodedError('aborted', 'The attempt ended.');
      this.#take(value);
    }
  }

  #take(sample: Sample): void {
    if (this.ids.length >= this.#credit) {
      throw new CodedError('engine_overran', 'The engine decoded beyond the credit.', {
        credit: this.#credit,
      });
    }
    this.ids.push(sample.id);
    this.#pending.push(sample.id);
    const { topLogprobs } = this.assignment;
    if (topLogprobs !== undefined) this.#logprobs.push(tokenLogprobs(sample, topLogprobs));
    this.#ports.decoded(1);
    const closed = this.#chunker.add(sample);
    if (closed) {
      this.#flush();
      this.#sign(closed);
    } else if (this.flushDue()) {
      this.#ports.flushLater();
    }
  }

  #flush(): void {
    if (this.#pending.length === 0 || this.#isUnheard()) return;
    const { job, lease, topLogprobs } = this.assignment;
    // A frame holds it: nothing waits beyond the end of a chunk.
    const logprobs = topLogprobs === undefined ? {} : { logprobs: this.#logprobs };
    this.#ports.send({ type: 'delta', job, lease, ids: this.#pending, ...logprobs });
    this.#pending = [];
    this.#logprobs = [];
    this.#flushedAt = this.#ports.clock.now();
  }

  #sign({ statement, leaf }: ClosedChunk): void {
    const signature = this.#ports.signer.chunk(statement);
    this.#signing = Promise.all([this.#signing, signature]).then(([, signed]) => {
      if (this.#isUnheard()) return;
      const chunk: SignedChunk = { ...statement, signature: signed };
      this.chunks.push(chunk);
      this.leaves.push(leaf);
      this.#ports.send({ type: 'chunk', ...chunk });
      this.#ports.claimed(BigInt(chunk.total));
    });
    // A key that can't sign earns nothing: no token more is decoded. The rejection itself is met in `run`.
    this.#signing.catch((error: unknown) => this.stop({ kind: 'handback', error: errorBody(error) }));
  }
}

function finishOf(end: StreamEnd | undefined): Finish {
  if (end === undefined)
    throw new CodedError('engine_ended', 'The engine ended the stream without a reason.');
  return end;
}
