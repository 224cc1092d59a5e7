import { abortError, CodedError } from '../../core/errors.ts';
import { Queue } from '../../core/queue.ts';
import type { Sample } from '../../protocol/wire/sample.ts';
import type { EngineStream, StreamEnd, StreamRequest } from '../engine.ts';
import type { CreateConstraint } from '../grammar/token-constraint.ts';
import type { Draw } from '../sampling/logit-sampler.ts';
import type { Occupant } from './occupant.ts';
import { priorOf, StreamDraw } from './stream-draw.ts';

/** What a stream is opened with beside its request. */
export interface StreamParts {
  /** Largest prompt + output. */
  readonly context: number;
  readonly vocab: number;
  /** Called when the loop has something new to do for this stream. */
  readonly changed: () => void;
  /** For a spec with a constraint. */
  readonly createConstraint?: CreateConstraint | undefined;
}

/**
 * A stream's state between steps. Its cache holds `fed` tokens; the last known token, `pending`, is fed next, at
 * position `fed`, and gives the sample for the position after it.
 */
export class Stream implements EngineStream, Occupant {
  readonly tokens: number[];
  readonly scope: string | undefined;
  readonly prefillEnd: number;
  readonly judgedFrom = Number.POSITIVE_INFINITY;
  readonly judge = undefined;
  fed = 0;
  done = false;
  readonly #request: StreamRequest;
  readonly #most: number;
  readonly #parts: StreamParts;
  readonly #queue: Queue<Sample>;
  readonly #draw: StreamDraw;
  /** The constraint is being made: a while. */
  #making = false;
  /** The constraint is finding what may come next: microtasks. */
  #settling: Promise<void> | undefined;
  readonly #onAbort: () => void;
  #credit: number;
  #given = 0;
  #end: StreamEnd | undefined;

  constructor(request: StreamRequest, parts: StreamParts) {
    const { tokens, maxTokens, credit, signal } = request;
    this.tokens = [...tokens];
    this.prefillEnd = tokens.length - 1;
    this.scope = request.scope;
    this.#request = request;
    this.#most = Math.min(maxTokens, parts.context - tokens.length);
    this.#queue = new Queue(this.#most);
    this.#credit = credit ?? maxTokens;
    this.#parts = parts;
    this.#draw = new StreamDraw(request);
    this.#onAbort = () => this.fail(abortError(signal!));
    if (signal?.aborted) this.fail(abortError(signal));
    else signal?.addEventListener('abort', this.#onAbort, { once: true });
    if (request.spec.constraint) void this.#constrain(parts.createConstraint!);
  }

  /** The last token that is known, once all before it are in the cache. */
  get pending(): number {
    return this.tokens[this.fed]!;
  }

  /** True if the next step may give this stream a token. */
  get decodable(): boolean {
    return (
      !this.#making &&
      !this.#settling &&
      !this.done &&
      this.fed >= this.prefillEnd &&
      this.#given < this.#credit
    );
  }

  /** How the token after the pending one is drawn; valid until the next call. */
  get draw(): Draw {
    return this.#draw.at(this.fed + 1);
  }

  grant(tokens: number): void {
    if (tokens <= this.#credit) return;
    this.#credit = tokens;
    this.#parts.changed();
  }

  /** Takes what a step drew; without a sample, the logits were not finite, or no token was allowed. */
  take(sample: Sample | undefined): void {
    if (this.done) return;
    if (!sample) {
      if (this.#draw.isImpossible(this.#parts.vocab)) {
        const text = 'The constraint lets no token come that this model has.';
        return this.fail(new CodedError('no_token_allowed', text, { position: this.fed + 1 }));
      }
      // Nobody shall go on from a cache that may hold such numbers.
      const position = this.fed + 1;
      this.fed = 0;
      const message = 'The model gave logits that are not finite.';
      return this.fail(new CodedError('output_not_finite', message, { position }));
    }
    this.fed++;
    this.tokens.push(sample.id);
    this.#given++;
    this.#queue.push(sample);
    try {
      const stop = this.#request.stopIds.includes(sample.id) || this.#request.stopWhen?.(sample.id) === true;
      if (stop) return this.#finish('stop');
      const settled = this.#draw.accept(sample.id);
      if (settled) this.#settling = this.#settle(settled);
      else this.#goOn();
    } catch (error) {
      this.fail(error);
    }
  }

  /** What the next step must wait for to have this stream in it. */
  get settling(): Promise<void> | undefined {
    return this.#settling;
  }

  async #settle(settled: Promise<void>): Promise<void> {
    try {
      await settled;
      this.#settling = undefined;
      this.#goOn();
    } catch (error) {
      this.fail(error);
    }
  }

  /** Ends a stream after which nothing may come. */
  #goOn(): void {
    if (this.#draw.done) this.#finish('stop');
    else if (this.#given >= this.#most) this.#finish('length');
  }

  fail(error: unknown): void {
    this.#close(error);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Sample, StreamEnd | undefined, void> {
    try {
      yield* this.#queue;
      return this.#end;
    } finally {
      this.#close();
    }
  }

  async #constrain(create: CreateConstraint): Promise<void> {
    this.#making = true;
    try {
      const constraint = await create(this.#request.spec.constraint!, priorOf(this.#request));
      if (this.done) return constraint.close?.();
      this.#draw.constrain(constraint);
      this.#making = false;
      if (this.#draw.done) this.#finish('stop');
      else this.#parts.changed();
    } catch (error) {
      this.fail(error);
    }
  }

  #finish(end: StreamEnd): void {
    this.#end = end;
    this.#close();
  }

  #close(error?: unknown): void {
    if (this.done) return;
    this.done = true;
    this.#request.signal?.removeEventListener('abort', this.#onAbort);
    this.#draw.close();
    this.#queue.end(error);
    this.#parts.changed();
  }
}
