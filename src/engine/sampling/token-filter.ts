import { EPSILON } from '../../protocol/constants.ts';
import type { FilterTargets } from './filter-targets.ts';

/** Distance from the greatest score that the bins resolve; the last bin has all that is farther. */
const RANGE = 32;
const BINS = 1024;

/** The last of the ids that stay, in their order, and the score of the next one. */
interface Edge {
  readonly score: number;
  readonly id: number;
  readonly next: number;
}

const EVERYTHING: Edge = { score: -Infinity, id: Infinity, next: -Infinity };

/** The ids that filters leave: those before an edge in the order of falling scores and rising ids (rule S6). */
export class Survivors {
  readonly #score: number;
  readonly #id: number;
  /** Below this, no honest backend keeps an id. */
  readonly possible: number;
  /** Above this, every honest backend keeps an id. */
  readonly sure: number;

  constructor(score: number, id: number, possible: number, sure: number) {
    [this.#score, this.#id] = [score, id];
    [this.possible, this.sure] = [possible, sure];
  }

  has(id: number, score: number): boolean {
    return score > this.#score || (score === this.#score && id <= this.#id);
  }
}

/**
 * Applies top-k, top-p and min-p on the CPU, in double precision: the reference for the WGSL kernel. One pass sorts the
 * scores into bins by their distance from the greatest; only the bin that an edge falls into is put in order.
 */
export class TokenFilter {
  readonly #counts = new Uint32Array(BINS);
  readonly #masses = new Float64Array(BINS);
  readonly #ids: Uint32Array;
  /** Of the bin whose ids are in order in `#ids`. */
  #sorted = -1;
  #members: Uint32Array = new Uint32Array(0);

  constructor(vocab: number) {
    this.#ids = new Uint32Array(vocab);
  }

  /** @param scores [vocab]; negative infinity for what may not come at all. At least one is finite. */
  apply(scores: Float32Array, targets: FilterTargets): Survivors {
    const { temperature, share, sureShare, possibleShare, reach } = targets;
    const [greatest, second] = greatestTwo(scores);
    const total = this.#fillBins(scores, greatest, temperature);
    const edge = (part: number): Edge => this.#edge(scores, greatest, targets, part * total);
    const [exact, possible, sure] = [edge(share), edge(possibleShare), edge(sureShare)];
    const least = greatest + reach;
    const [score, id] = least > exact.score ? [least, Infinity] : [exact.score, exact.id];
    return new Survivors(
      score,
      id,
      Math.max(possible.score, least) - EPSILON,
      // The greatest stays whatever the filters, where it is sure to be the greatest.
      Math.min(Math.max(sure.next, least), second) + EPSILON,
    );
  }

  #binOf(score: number, greatest: number): number {
    return Math.min(BINS - 1, Math.floor((greatest - score) * (BINS / RANGE)));
  }

  /** @returns the mass of all, the greatest score's being 1 */
  #fillBins(scores: Float32Array, greatest: number, temperature: number): number {
    const [counts, masses] = [this.#counts, this.#masses];
    counts.fill(0);
    masses.fill(0);
    this.#sorted = -1;
    let total = 0;
    for (const score of scores) {
      if (score === -Infinity) continue;
      const bin = this.#binOf(score, greatest);
      const mass = Math.exp((score - greatest) / temperature);
      counts[bin]!++;
      masses[bin]! += mass;
      total += mass;
    }
    return total;
  }

  /** The last id before which there are fewer than `count` ids and a mass below `most`. */
  #edge(scores: Float32Array, greatest: number, { count, temperature }: FilterTargets, most: number): Edge {
    let [ids, mass, bin] = [0, 0, 0];
    while (ids + this.#counts[bin]! < count && mass + this.#masses[bin]! < most) {
      ids += this.#counts[bin]!;
      mass += this.#masses[bin]!;
      if (++bin === BINS) return EVERYTHING;
    }
    const members = this.#sort(scores, greatest, bin);
    for (const id of members) {
      const score = scores[id]!;
      mass += Math.exp((score - greatest) / temperature);
      if (++ids >= count || mass >= most) return { score, id, next: scoreAfter(scores, score, id) };
    }
    // The sum of a bin may be above that of its members by a rounding error.
    const id = members.at(-1)!;
    return { score: scores[id]!, id, next: scoreAfter(scores, scores[id]!, id) };
  }

  /** A bin's ids, by falling score. */
  #sort(scores: Float32Array, greatest: number, bin: number): Uint32Array {
    if (this.#sorted === bin) return this.#members;
    let count = 0;
    for (let id = 0; id < scores.length; id++) {
      const score = scores[id]!;
      if (score !== -Infinity && this.#binOf(score, greatest) === bin) this.#ids[count++] = id;
    }
    this.#sorted = bin;
    this.#members = this.#ids.subarray(0, count).sort((a, b) => scores[b]! - scores[a]! || a - b);
    return this.#members;
  }
}

function greatestTwo(scores: Float32Array): [number, number] {
  let [first, second] = [-Infinity, -Infinity];
  for (const score of scores) {
    if (score > first) [first, second] = [score, first];
    else if (score > second) second = score;
  }
  return [first, second];
}

/** The greatest score that comes after an id in the order. */
function scoreAfter(scores: Float32Array, last: number, lastId: number): number {
  let next = -Infinity;
  for (let id = 0; id < scores.length; id++) {
    const score = scores[id]!;
    if (score > next && (score < last || (score === last && id > lastId))) next = score;
  }
  return next;
}
