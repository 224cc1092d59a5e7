import type { Batch } from './batch.ts';

/** The mask grows by whole attention tiles, so that its shape changes once in so many steps. */
const MASK_TILE = 64;

/**
 * The integer inputs of a decode step, kept between steps: ids and positions [rows, 1] and mask [rows, width], in which
 * row r begins with `positions[r] + 1` ones. Only what changed since the last step is written.
 *
 * They are 64-bit integers, held as pairs of 32-bit words, the low one first (every machine that runs this is
 * little-endian): no value is negative or needs more, and a BigInt for each would be garbage at each step.
 */
export class StepInputs {
  readonly ids: Int32Array<ArrayBuffer>;
  readonly positions: Int32Array<ArrayBuffer>;
  readonly mask: Int32Array<ArrayBuffer>;
  rows = 0;
  width = 0;
  readonly #context: number;
  /** Ones in each row of the mask. */
  readonly #ones: Int32Array;

  constructor(slots: number, context: number) {
    this.#context = context;
    this.#ones = new Int32Array(slots);
    this.ids = new Int32Array(2 * slots);
    this.positions = new Int32Array(2 * slots);
    this.mask = new Int32Array(2 * slots * context);
  }

  write(batch: Batch): void {
    this.rows = batch.rows;
    const width = Math.min(Math.ceil(batch.length / MASK_TILE) * MASK_TILE, this.#context);
    if (width !== this.width) {
      this.mask.fill(0);
      this.#ones.fill(0);
      this.width = width;
    }
    for (let row = 0; row < batch.rows; row++) {
      this.ids[2 * row] = batch.tokens[row]!;
      this.positions[2 * row] = batch.positions[row]!;
      this.#setOnes(row, batch.positions[row]! + 1);
    }
  }

  #setOnes(row: number, ones: number): void {
    const start = row * this.width;
    for (let i = this.#ones[row]!; i < ones; i++) this.mask[2 * (start + i)] = 1;
    for (let i = ones; i < this.#ones[row]!; i++) this.mask[2 * (start + i)] = 0;
    this.#ones[row] = ones;
  }
}

/** The inputs of one prefill piece, batch 1: `count` ids and positions from `first`, and a mask of ones up to its end. */
export interface PieceInputs {
  readonly ids: Int32Array<ArrayBuffer>;
  readonly positions: Int32Array<ArrayBuffer>;
  readonly mask: Int32Array<ArrayBuffer>;
}

export function pieceInputs(tokens: readonly number[], first: number, count: number): PieceInputs {
  const end = first + count;
  const [ids, positions, mask] = [
    new Int32Array(2 * count),
    new Int32Array(2 * count),
    new Int32Array(2 * end),
  ];
  for (let i = 0; i < count; i++) {
    ids[2 * i] = tokens[first + i]!;
    positions[2 * i] = first + i;
  }
  for (let i = 0; i < end; i++) mask[2 * i] = 1;
  return { ids, positions, mask };
}
