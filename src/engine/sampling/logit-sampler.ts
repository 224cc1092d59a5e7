import { PROJECTION_WIDTH, projectionSigns } from '../../protocol/wire/projection.ts';
import { type Sample, TOP_COUNT } from '../../protocol/wire/sample.ts';
import {
  gumbel,
  POSITION_BITS,
  type Seed,
  threefry2x32,
  uniform24,
} from '../../protocol/wire/sampling-noise.ts';

/** How one token is drawn (rules S1 and S2). `position` is the number of tokens before it. */
export interface Draw {
  readonly temperature: number;
  readonly seed: Seed;
  readonly choice: number;
  readonly position: number;
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
  readonly #topIds = new Int32Array(TOP_COUNT);
  readonly #topLogits = new Float64Array(TOP_COUNT);

  constructor(vocab: number) {
    this.#signs = projectionSigns(vocab);
    for (const byte of this.#signs) {
      for (let j = 0; j < PROJECTION_WIDTH; j++) this.#signSums[j]! += (byte >> j) & 1 ? -1 : 1;
    }
  }

  /** @param logits one row, [vocab]. Returns nothing where a logit is not finite. */
  sample(logits: Float32Array, draw: Draw): Sample | undefined {
    const total = this.#reduce(logits);
    if (!Number.isFinite(total)) return undefined;
    const top = this.#topLogits;
    const logNormalizer = top[0]! + Math.log(sumOfExponentials(logits, top[0]!));
    let id = this.#topIds[0]!;
    let margin = top[0]! - top[1]!;
    if (draw.temperature > 0) [id, margin] = this.#drawNoisy(logits, draw);
    return {
      id,
      logprob: logits[id]! - logNormalizer,
      topIds: Array.from(this.#topIds),
      topLogprobs: Array.from(top, (logit) => logit - logNormalizer),
      projection: this.#project(total / logits.length, logits.length),
      margin,
    };
  }

  /** Finds the largest logits and fills the sign bins; returns the sum, which is not finite where a logit is not. */
  #reduce(logits: Float32Array): number {
    const [signs, bins, top, ids] = [this.#signs, this.#bins, this.#topLogits, this.#topIds];
    bins.fill(0);
    top.fill(Number.NEGATIVE_INFINITY);
    ids.fill(0);
    let total = 0;
    for (let i = 0; i < logits.length; i++) {
      const z = logits[i]!;
      total += z;
      bins[signs[i]!]! += z;
      if (z <= top[TOP_COUNT - 1]!) continue;
      let at = TOP_COUNT - 1;
      for (; at > 0 && z > top[at - 1]!; at--) {
        top[at] = top[at - 1]!;
        ids[at] = ids[at - 1]!;
      }
      top[at] = z;
      ids[at] = i;
    }
    return total;
  }

  /** The argmax of z + T * g and its distance to the runner-up. */
  #drawNoisy(logits: Float32Array, { temperature, seed, choice, position }: Draw): [number, number] {
    const words = this.#words;
    const counter = (choice * 2 ** POSITION_BITS + position) >>> 0;
    const reach = temperature * GREATEST_GUMBEL;
    let id = 0;
    let best = Number.NEGATIVE_INFINITY;
    let runner = Number.NEGATIVE_INFINITY;
    for (let pair = 0; pair < logits.length; pair += 2) {
      const odd = logits[pair + 1] ?? Number.NEGATIVE_INFINITY;
      if (Math.max(logits[pair]!, odd) + reach < runner) continue;
      threefry2x32(seed.low, seed.high, counter, pair >>> 1, words);
      for (let i = pair; i < pair + 2 && i < logits.length; i++) {
        const uniform = uniform24(words[i & 1]!);
        // -log(-log(1 - v)) <= -log(v) <= log(2) * (24 - floor(log2(2^24 v))): most ids need no logarithm.
        const bound = Math.LN2 * (Math.clz32(0x1000000 - uniform) - 7);
        if (logits[i]! + temperature * bound < runner) continue;
        const score = logits[i]! + temperature * gumbel(uniform);
        if (score > best) [runner, best, id] = [best, score, i];
        else if (score > runner) runner = score;
      }
    }
    return [id, best - runner];
  }

  #project(mean: number, vocab: number): number[] {
    const scale = 1 / Math.sqrt(vocab);
    return Array.from(this.#signSums, (signSum, j) => {
      let sum = -mean * signSum;
      for (let byte = 0; byte < 256; byte++) sum += (byte >> j) & 1 ? -this.#bins[byte]! : this.#bins[byte]!;
      return sum * scale;
    });
  }
}

function sumOfExponentials(logits: Float32Array, greatest: number): number {
  let sum = 0;
  for (let i = 0; i < logits.length; i++) sum += Math.exp(logits[i]! - greatest);
  return sum;
}
