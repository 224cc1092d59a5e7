import { abortError, CodedError } from '../../core/errors.ts';
import type { Sample } from '../../protocol/wire/sample.ts';
import type { ScoreRequest, TokenScore } from '../engine.ts';
import type { TokenConstraint } from '../grammar/token-constraint.ts';
import { drawScore } from '../sampling/draw-score.ts';
import type { Draw } from '../sampling/logit-sampler.ts';
import type { Judge } from './decoder.ts';
import type { Occupant } from './occupant.ts';
import { StreamDraw } from './stream-draw.ts';

/** Tokens that are fed and scored, and never decode: what sits in a slot for `Engine.score` (rule E3). */
export class Scoring implements Occupant, Judge {
  readonly tokens: readonly number[];
  /** Nobody else's prompt, and nothing to leave. */
  readonly scope = undefined;
  readonly prefillEnd: number;
  readonly judgedFrom: number;
  readonly judge = this;
  readonly scores: Promise<TokenScore[]>;
  fed = 0;
  done = false;
  readonly #scores: TokenScore[] = [];
  readonly #draw: StreamDraw;
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort: () => void;
  /** The output broke its constraint: what it would allow from there on, nobody can say. */
  #broken = false;
  #resolve!: (scores: TokenScore[]) => void;
  #reject!: (error: unknown) => void;

  /** @param constraint that of `followCourse`, whose `accept` gives no promise */
  constructor(request: ScoreRequest, constraint?: TokenConstraint) {
    const { tokens, outputStart, from = outputStart, signal } = request;
    this.tokens = tokens;
    this.prefillEnd = tokens.length - 1;
    this.judgedFrom = from - 1;
    this.scores = new Promise((resolve, reject) => ([this.#resolve, this.#reject] = [resolve, reject]));
    this.#draw = new StreamDraw({ ...request, tokens: tokens.slice(0, from) });
    if (constraint) this.#draw.constrain(constraint);
    this.#signal = signal;
    this.#onAbort = () => this.fail(abortError(signal!));
    if (signal?.aborted) this.fail(abortError(signal));
    else signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  draw(position: number): Draw {
    if (!this.#broken) return this.#draw.at(position);
    const { mask: _, ...rest } = this.#draw.at(position);
    return rest;
  }

  take(position: number, sample: Sample | undefined, drawnLogit: number, givenLogit: number): void {
    if (this.done) return;
    if (!sample) {
      const message = 'The model gave logits that are not finite.';
      return this.fail(new CodedError('output_not_finite', message, { position }));
    }
    const id = this.tokens[position]!;
    const gap = this.#draw.done
      ? Infinity
      : drawScore(this.draw(position), sample.id, drawnLogit, id, givenLogit);
    const { topIds, topLogprobs, projection, margin } = sample;
    const logprob = sample.logprob + (givenLogit - drawnLogit);
    this.#scores.push({ id, logprob, topIds, topLogprobs, projection, drawn: sample.id, gap, margin });
    if (gap === Infinity) this.#broken = true;
    // Nothing to wait for: the course of the constraint is known.
    else if (!this.#broken) void this.#draw.accept(id);
    if (position === this.tokens.length - 1) this.#close(() => this.#resolve(this.#scores));
  }

  fail(error: unknown): void {
    this.#close(() => this.#reject(error));
  }

  #close(settle: () => void): void {
    if (this.done) return;
    this.done = true;
    this.#signal?.removeEventListener('abort', this.#onAbort);
    settle();
  }
}
