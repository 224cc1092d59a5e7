import { parseSeed } from '../../protocol/wire/sampling-noise.ts';
import type { StreamRequest } from '../engine.ts';
import type { TokenConstraint } from '../grammar/token-constraint.ts';
import { filterTargets } from '../sampling/filter-targets.ts';
import { LogitAdjustments } from '../sampling/logit-adjustments.ts';
import type { Draw } from '../sampling/logit-sampler.ts';

/** A temperature below this counts as 0 (rule S2): its greatest noise is a hundredth of a logit's usual distances. */
const LEAST_TEMPERATURE = 1e-4;

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** What says how tokens are drawn. `tokens` from `outputStart` on are the output of earlier attempts. */
type DrawOrder = Pick<StreamRequest, 'spec' | 'seed' | 'choice' | 'topLogprobs' | 'tokens' | 'outputStart'>;

/** How the tokens of one stream are drawn: what its spec, its output so far and its constraint say of the next one. */
export class StreamDraw {
  readonly #draw: Writable<Draw>;
  readonly #adjustments: LogitAdjustments | undefined;
  #constraint: TokenConstraint | undefined;

  constructor(request: DrawOrder) {
    const { spec, seed, choice = 0, topLogprobs } = request;
    const temperature = spec.temperature < LEAST_TEMPERATURE ? 0 : spec.temperature;
    const filter = filterTargets(spec, temperature);
    if (LogitAdjustments.needed(spec)) this.#adjustments = new LogitAdjustments(spec, priorOf(request));
    this.#draw = {
      temperature,
      seed: parseSeed(seed),
      choice,
      position: 0,
      ...(filter ? { filter } : {}),
      ...(this.#adjustments ? { adjustments: this.#adjustments } : {}),
      ...(topLogprobs === undefined ? {} : { top: topLogprobs }),
    };
  }

  /** Nothing may follow. */
  get done(): boolean {
    return this.#constraint?.done ?? false;
  }

  /** From here on only what it allows may come. */
  constrain(constraint: TokenConstraint): void {
    this.#constraint = constraint;
    if (!constraint.done) this.#draw.mask = constraint.mask();
  }

  /** How the token at a position is drawn; valid until the next call. */
  at(position: number): Draw {
    this.#draw.position = position;
    return this.#draw;
  }

  /** Takes a token that came; a promise where it takes until then to know what may follow. @throws what the constraint throws */
  accept(id: number): Promise<void> | void {
    this.#adjustments?.count(id);
    const constraint = this.#constraint;
    return (
      constraint?.accept(id)?.then(() => this.constrain(constraint)) ??
      (constraint && this.constrain(constraint))
    );
  }

  close(): void {
    this.#constraint?.close?.();
    this.#constraint = undefined;
  }

  /** Whether the constraint lets no id come at all: it can't be satisfied with this vocabulary. */
  isImpossible(vocab: number): boolean {
    const { mask } = this.#draw;
    if (!mask) return false;
    const whole = vocab >>> 5;
    const rest = (1 << (vocab & 31)) - 1;
    return mask.subarray(0, whole).every((word) => word === 0) && ((mask[whole] ?? 0) & rest) === 0;
  }
}

/** The output of earlier attempts. */
export function priorOf({
  tokens,
  outputStart = tokens.length,
}: Pick<StreamRequest, 'tokens' | 'outputStart'>): readonly number[] {
  return tokens.slice(outputStart);
}
