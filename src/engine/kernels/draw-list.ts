import { POSITION_BITS } from '../../protocol/wire/sampling-noise.ts';
import { TOP_COUNT } from '../../protocol/wire/sample.ts';
import { type Draw, isControlled } from '../sampling/logit-sampler.ts';
import { ADJUSTED, BOUNDLESS, DRAW_BYTES, FILTERED, MASKED } from './draw-shader.ts';

const WORDS = DRAW_BYTES / 4;
const ALL = 0xffffffff;

/**
 * A step's draws as the shaders read them, and where each lies. Draws that nothing controls come first, the controlled
 * ones last, from the end: each kind has kernels of its own.
 */
export class DrawList {
  readonly bytes: ArrayBuffer;
  readonly rows: number;
  plain = 0;
  controlled = 0;
  /** Some draw has a filter, or wants more likeliest ids than each outcome has. */
  selects = false;
  readonly #words: Uint32Array;
  readonly #floats: Float32Array;
  readonly #places: Uint32Array;

  constructor(rows: number) {
    this.rows = rows;
    this.bytes = new ArrayBuffer(rows * DRAW_BYTES);
    this.#words = new Uint32Array(this.bytes);
    this.#floats = new Float32Array(this.bytes);
    this.#places = new Uint32Array(rows);
  }

  /** Where the draw of a row is in the list. */
  placeOf(row: number): number {
    return this.#places[row]!;
  }

  /** @param rows how many of the draws count */
  fill(rows: number, draws: readonly (Draw | undefined)[]): void {
    this.#words.fill(0);
    [this.plain, this.controlled, this.selects] = [0, 0, false];
    for (let row = 0; row < rows; row++) {
      const draw = draws[row];
      if (!draw) continue;
      const place = isControlled(draw) ? this.rows - ++this.controlled : this.plain++;
      this.#places[row] = place;
      this.#write(place, row, draw);
    }
  }

  #write(place: number, row: number, draw: Draw): void {
    const { seed, choice, position, temperature, adjustments, mask, filter, top = 0 } = draw;
    const [words, floats, at] = [this.#words, this.#floats, place * WORDS];
    words[at] = seed.low;
    words[at + 1] = seed.high;
    words[at + 2] = choice * 2 ** POSITION_BITS + position;
    floats[at + 3] = temperature;
    words[at + 4] = row;
    words[at + 5] = (adjustments ? ADJUSTED : 0) | (mask ? MASKED : 0) | (filter ? FILTERED : 0);
    words[at + 6] = top > TOP_COUNT ? top : 0;
    if (top > TOP_COUNT) this.selects = true;
    if (!filter) return;
    this.selects = true;
    words[at + 7] = Math.min(filter.count, ALL);
    floats[at + 8] = Math.min(filter.share, BOUNDLESS);
    floats[at + 9] = Math.min(filter.sureShare, BOUNDLESS);
    floats[at + 10] = Math.min(filter.possibleShare, BOUNDLESS);
    floats[at + 11] = Math.max(filter.reach, -BOUNDLESS);
  }
}
