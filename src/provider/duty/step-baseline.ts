import type { StepKind } from '../../engine/pace.ts';
import { StepCost } from './step-cost.ts';

/** The least and the largest factor beyond which a step is slow. Pieces of one class differ in their size. */
const SLOW = { decode: [1.5, 3], prefill: [2.2, 4] } as const;
/** Between those, so many mean deviations make a step slow (2.5 standard ones). */
const SLOW_DEVIATIONS = 3.2;
/** Likewise for a step that is hardly ever an accident (3.6 standard ones). */
const HARD = { decode: [2, 4], prefill: [3, 6] } as const;
const HARD_DEVIATIONS = 4.5;
/** Below this a difference is noise of timers and scheduling, in ms. */
const LEAST_MS = 3;
/** What twice the length may cost, at most: attention is a part of a step. */
const LENGTH_COST = Math.log(1.4);
/** Shorter rows cost the same. */
const SHORT = 32;

/** `new`: nothing is known to judge it by, or it may have compiled shaders. `hard` is very slow. */
export type Verdict = 'new' | 'normal' | 'slow' | 'hard';

interface Class {
  readonly kind: StepKind;
  readonly size: number;
  /** Doublings of the length. */
  readonly length: number;
  readonly cost: StepCost;
  seen: number;
}

/**
 * What each class of steps takes when the GPU is ours alone (rule D1), so that a larger batch or a longer prompt is not
 * taken for a game. A class that is new is judged by those that are known: a step costs at most in proportion to its
 * rows or tokens, and grows slowly with its length.
 */
export class StepBaseline {
  readonly #classes = new Map<number, Class>();
  #last: Class | undefined;

  /** Judges a step, and learns from one that is not slow. */
  judge(kind: StepKind, size: number, length: number, ms: number): Verdict {
    const found = this.#classOf(kind, size, length);
    this.#last = found;
    if (found.seen++ === 0) return 'new';
    const expected = this.#expected(found);
    if (expected === undefined) {
      found.cost.learn(ms);
      return 'new';
    }
    const slowness = ms - expected > LEAST_MS ? ms / expected : 1;
    if (slowness > factor(found, HARD, HARD_DEVIATIONS)) return 'hard';
    if (slowness > factor(found, SLOW, SLOW_DEVIATIONS)) return 'slow';
    found.cost.learn(ms);
    return 'normal';
  }

  /** How many times longer steps like the last one take now than they did at best: a GPU that gets hot slows down. */
  get drift(): number {
    return this.#last?.cost.drift ?? 1;
  }

  /** Forgets everything: what steps take from now on is what they take. */
  reset(): void {
    this.#classes.clear();
    this.#last = undefined;
  }

  /** In ms; from the classes that are known, the one that promises least. */
  #expected(wanted: Class): number | undefined {
    if (wanted.cost.known) return Math.exp(wanted.cost.level);
    let bound = Number.POSITIVE_INFINITY;
    for (const { kind, size, length, cost } of this.#classes.values()) {
      if (kind !== wanted.kind || !cost.known) continue;
      const rows = Math.max(0, Math.log(wanted.size / size));
      bound = Math.min(bound, cost.level + rows + LENGTH_COST * Math.max(0, wanted.length - length));
    }
    return bound === Number.POSITIVE_INFINITY ? undefined : Math.exp(bound);
  }

  /** Pieces of a prompt come in all sizes: those up to the same power of two are one class. */
  #classOf(kind: StepKind, size: number, length: number): Class {
    const doublings = Math.floor(Math.log2(Math.max(SHORT, length)));
    const bound = kind === 'decode' ? size : 2 ** Math.ceil(Math.log2(size));
    const key = (kind === 'decode' ? 0 : 1) + 2 * (doublings + 64 * bound);
    let found = this.#classes.get(key);
    if (!found) {
      found = { kind, size: bound, length: doublings, cost: new StepCost(), seen: 0 };
      this.#classes.set(key, found);
    }
    return found;
  }
}

/** How many times longer than expected a step of a class may take. */
function factor({ kind, cost }: Class, bounds: typeof SLOW | typeof HARD, deviations: number): number {
  const [least, most] = bounds[kind];
  return cost.known ? Math.min(most, Math.max(least, Math.exp(deviations * cost.spread))) : least;
}
