import { PROJECTION_WIDTH, projectionSigns } from '../../protocol/wire/projection.ts';
import { MAX_TOP, type Sample, TOP_COUNT } from '../../protocol/wire/sample.ts';
import {
  gumbel,
  POSITION_BITS,
  type Seed,
  threefry2x32,
  uniform24,
} from '../../protocol/wire/sampling-noise.ts';
import { exponentialSum } from './exponential-sum.ts';
import type { FilterTargets } from './filter-targets.ts';
import type { LogitAdjustments } from './logit-adjustments.ts';
import { type Survivors, TokenFilter } from './token-filter.ts';

/** How one token is drawn (rules S1, S2, S5, S6). `position` is the number of tokens before it. */
export interface Draw {
  readonly temperature: number;
  readonly seed: Seed;
  readonly choice: number;
  readonly position: number;
  readonly adjustments?: LogitAdjustments;
  /** Bit i of word i >> 5 says whether id i may come. */
  readonly mask?: Uint32Array;
  readonly filter?: FilterTargets;
  /** How many of the likeliest ids the sample has: at least `TOP_COUNT`, at most `MAX_TOP`. */
  readonly top?: number;
}

/** Whether anything but temperature and noise has a say in a draw. */
export function isControlled({ adjustments, mask, filter }: Draw): boolean {
  return adjustments !== undefined || mask !== undefined || filter !== undefined;
}

/** How many of the likeliest ids a draw's sample has. */
export function topCount({ top = 0 }: Draw, vocab: number): number {
  return Math.min(Math.max(TOP_COUNT, top), vocab);
}

/** The Gumbel variate of the largest uniform: no noise exceeds it. */
const GREATEST_GUMBEL = gumbel(0xffffff);

/**
 * Draws tokens on the CPU and reduces logits to what a leaf commits to, in double precision: the reference for the
 * WGSL kernel (`src/engine/kernels`), and what the wasm and cpu backends use.
 */
export class LogitSampler {
  readonly #signs: Uint8Array;
  /** Sum of each component's signs: turns a projection of logits into one of mean-centred logits. */
  readonly #signSums = new Float64Array(PROJECTION_WIDTH);
  readonly #bins = new Float64Array(256);
  readonly #words = new Uint32Array(2);
  readonly #topIds = new Int32Array(MAX_TOP);
  readonly #topLogits = new Float64Array(MAX_TOP);
  /** Logits with bias and penalties, negative infinity where an id can't come: made where a draw first needs them. */
  #scores: Float32Array | undefined;
  #filter: TokenFilter | undefined;

  constructor(vocab: number) {
    this.#signs = projectionSigns(vocab);
    for (const byte of this.#signs) {
      for (let j = 0; j < PROJECTION_WIDTH; j++) this.#signSums[j]! += (byte >> j) & 1 ? -1 : 1;
    }
  }

  /** @param logits one row, [vocab]. Returns nothing where a logit is not finite, or the mask lets no id come. */
  sample(logits: Float32Array, draw: Draw): Sample | undefined {
    const count = topCount(draw, logits.length);
    const total = this.#reduce(logits, count);
    if (!Number.isFinite(total)) return undefined;
    const top = this.#topLogits.subarray(0, count);
    const logNormalizer = top[0]! + Math.log(exponentialSum(logits, top[0]!));
    const [id, margin] = this.#choose(logits, draw);
    if (id < 0) return undefined;
    return {
      id,
      logprob: logits[id]! - logNormalizer,
      topIds: Array.from(this.#topIds.subarray(0, count)),
      topLogprobs: Array.from(top, (logit) => logit - logNormalizer),
      projection: this.#project(total / logits.length, logits.length),
      margin,
    };
  }

  /** Finds the largest logits and fills the sign bins; returns the sum, which is not finite where a logit is not. */
  #reduce(logits: Float32Array, count: number): number {
    const [signs, bins, top, ids] = [this.#signs, this.#bins, this.#topLogits, this.#topIds];
    bins.fill(0);
    top.fill(Number.NEGATIVE_INFINITY);
    ids.fill(0);
    let total = 0;
    for (let i = 0; i < logits.length; i++) {
      const z = logits[i]!;
      total += z;
      bins[signs[i]!]! += z;
      if (z <= top[count - 1]!) continue;
      let at = count - 1;
      for (; at > 0 && z > top[at - 1]!; at--) {
        top[at] = top[at - 1]!;
        ids[at] = ids[at - 1]!;
      }
      top[at] = z;
      ids[at] = i;
    }
    return total;
  }

  /** The id that is drawn, below 0 where none can be, and how sure that is. */
  #choose(logits: Float32Array, draw: Draw): [number, number] {
    if (!isControlled(draw)) {
      if (draw.temperature > 0) return this.#drawNoisy(logits, draw);
      return [this.#topIds[0]!, this.#topLogits[0]! - this.#topLogits[1]!];
    }
    const scores = this.#adjust(logits, draw);
    if (draw.temperature === 0) return greatestOf(scores);
    if (!draw.filter || !scores.some((score) => score !== -Infinity)) return this.#drawNoisy(scores, draw);
    const survivors = (this.#filter ??= new TokenFilter(logits.length)).apply(scores, draw.filter);
    for (let id = 0; id < scores.length; id++) if (scores[id]! < survivors.possible) scores[id] = -Infinity;
    const [id, margin] = this.#drawNoisy(scores, draw, survivors);
    return [id, scores[id]! > survivors.sure ? margin : 0];
  }

  /** The logits that are drawn from (rule S5), as f32. */
  #adjust(logits: Float32Array, { adjustments, mask }: Draw): Float32Array {
    const scores = (this.#scores ??= new Float32Array(logits.length));
    scores.set(logits);
    if (adjustments) for (const [id, value] of adjustments.values) scores[id]! += value;
    if (!mask) return scores;
    for (let id = 0; id < scores.length; id++) {
      if (((mask[id >>> 5]! >>> (id & 31)) & 1) === 0) scores[id] = -Infinity;
    }
    return scores;
  }

  /**
   * The argmax of z + T * g over the survivors, and its distance to the runner-up, which may be any id that has not
   * gone for sure.
   */
  #drawNoisy(
    scores: Float32Array,
    { temperature, seed, choice, position }: Draw,
    survivors?: Survivors,
  ): [number, number] {
    const words = this.#words;
    const counter = (choice * 2 ** POSITION_BITS + position) >>> 0;
    const reach = temperature * GREATEST_GUMBEL;
    let id = -1;
    let best = Number.NEGATIVE_INFINITY;
    let runner = Number.NEGATIVE_INFINITY;
    // What is below both changes neither.
    let least = Number.NEGATIVE_INFINITY;
    for (let pair = 0; pair < scores.length; pair += 2) {
      const most = Math.max(scores[pair]!, scores[pair + 1] ?? Number.NEGATIVE_INFINITY);
      if (most === -Infinity || most + reach < least) continue;
      threefry2x32(seed.low, seed.high, counter, pair >>> 1, words);
      for (let i = pair; i < pair + 2 && i < scores.length; i++) {
        const uniform = uniform24(words[i & 1]!);
        // -log(-log(1 - v)) <= -log(v) <= log(2) * (24 - floor(log2(2^24 v))): most ids need no logarithm.
        const bound = Math.LN2 * (Math.clz32(0x1000000 - uniform) - 7);
        if (scores[i]! + temperature * bound < least) continue;
        const score = scores[i]! + temperature * gumbel(uniform);
        if (score > best && (!survivors || survivors.has(i, scores[i]!))) {
          runner = Math.max(runner, best);
          [best, id] = [score, i];
        } else if (score > runner) runner = score;
        least = Math.min(best, runner);
      }
    }
    return [id, Math.max(0, best - runner)];
  }

  /** Folds the bins from the highest sign on: half of those that are left is added to the other half. */
  #project(mean: number, vocab: number): number[] {
    const [bins, scale] = [this.#bins, 1 / Math.sqrt(vocab)];
    const projection: number[] = Array(PROJECTION_WIDTH);
    for (let j = PROJECTION_WIDTH - 1; j >= 0; j--) {
      const half = 1 << j;
      let sum = -mean * this.#signSums[j]!;
      for (let byte = 0; byte < half; byte++) {
        sum += bins[byte]! - bins[byte + half]!;
        bins[byte]! += bins[byte + half]!;
      }
      projection[j] = sum * scale;
    }
    return projection;
  }
}

/** The lowest id of the greatest score, below 0 where there is none, and its distance to the next. */
function greatestOf(scores: Float32Array): [number, number] {
  let [id, best, runner] = [-1, Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < scores.length; i++) {
    const score = scores[i]!;
    if (score > best) [runner, best, id] = [best, score, i];
    else if (score > runner) runner = score;
  }
  return [id, best - runner];
}
