import { abortError, CodedError } from '../../core/errors.ts';
import { Queue } from '../../core/queue.ts';
import type { Sample } from '../../protocol/wire/sample.ts';
import { parseSeed } from '../../protocol/wire/sampling-noise.ts';
import type { Draw } from '../sampling/logit-sampler.ts';
import type { EngineStream, StreamEnd, StreamRequest } from '../engine.ts';
import type { Occupant } from './occupant.ts';

/**
 * A stream's state between steps. Its cache holds `fed` tokens; the last known token, `pending`, is fed next, at
 * position `fed`, and gives the sample for the position after it.
 */
export class Stream implements EngineStream, Occupant {
  readonly tokens: number[];
  readonly scope: string | undefined;
  readonly prefillEnd: number;
  fed = 0;
  done = false;
  readonly #request: StreamRequest;
  readonly #most: number;
  readonly #changed: () => void;
  readonly #queue: Queue<Sample>;
  readonly #draw: { -readonly [K in keyof Draw]: Draw[K] };
  readonly #onAbort: () => void;
  #credit: number;
  #given = 0;
  #end: StreamEnd | undefined;

  /**
   * @param context largest prompt + output.
   * @param changed called when the loop has something new to do for this stream.
   */
  constructor(request: StreamRequest, context: number, changed: () => void) {
    const { tokens, maxTokens, credit, signal } = request;
    this.tokens = [...tokens];
    this.prefillEnd = tokens.length - 1;
    this.scope = request.scope;
    this.#request = request;
    this.#most = Math.min(maxTokens, context - tokens.length);
    this.#queue = new Queue(this.#most);
    this.#credit = credit ?? maxTokens;
    this.#changed = changed;
    this.#draw = {
      temperature: request.spec.temperature,
      seed: parseSeed(request.seed),
      choice: request.choice ?? 0,
      position: 0,
    };
    this.#onAbort = () => this.fail(abortError(signal!));
    if (signal?.aborted) this.fail(abortError(signal));
    else signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** The last token that is known, once all before it are in the cache. */
  get pending(): number {
    return this.tokens[this.fed]!;
  }

  /** True if the next step may give this stream a token. */
  get decodable(): boolean {
    return !this.done && this.fed >= this.prefillEnd && this.#given < this.#credit;
  }

  /** How the token after the pending one is drawn; valid until the next call. */
  get draw(): Draw {
    this.#draw.position = this.fed + 1;
    return this.#draw;
  }

  grant(tokens: number): void {
    if (tokens <= this.#credit) return;
    this.#credit = tokens;
    this.#changed();
  }

  /** Takes what a step drew; without a sample, the logits were not finite. */
  take(sample: Sample | undefined): void {
    if (this.done) return;
    if (!sample) {
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
      if (stop) this.#finish('stop');
      else if (this.#given >= this.#most) this.#finish('length');
    } catch (error) {
      this.fail(error);
    }
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

  #finish(end: StreamEnd): void {
    this.#end = end;
    this.#close();
  }

  #close(error?: unknown): void {
    if (this.done) return;
    this.done = true;
    this.#request.signal?.removeEventListener('abort', this.#onAbort);
    this.#queue.end(error);
    this.#changed();
  }
}
