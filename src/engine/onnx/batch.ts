import type { Sample } from '../../protocol/wire/sample.ts';
import type { Draw } from '../sampling/logit-sampler.ts';

/**
 * One decode step: a row per slot, from slot 0 to the highest one that decodes. Made once, filled anew for each step.
 *
 * Every row is computed, live or not. A row feeds `tokens[row]` at `positions[row]` and thereby writes that position of
 * its slot's cache. A row that doesn't decode feeds the first token that its slot holds, at position 0: nothing is
 * before it, so it writes what is there already (up to the last bits), and it is the cheapest row there is.
 */
export class Batch {
  readonly slots: number;
  /** Rows of this step. */
  rows = 0;
  readonly tokens: Int32Array;
  readonly positions: Int32Array;
  /** How each row's token is drawn; nothing for a row that doesn't decode. */
  readonly draws: (Draw | undefined)[];
  /** What the step gave: nothing for a row without a draw, and for one whose logits are not finite. */
  readonly samples: (Sample | undefined)[];

  constructor(slots: number) {
    this.slots = slots;
    this.tokens = new Int32Array(slots);
    this.positions = new Int32Array(slots);
    this.draws = Array.from({ length: slots }, () => undefined);
    this.samples = Array.from({ length: slots }, () => undefined);
  }

  /** Positions of the longest row, its new one included. */
  get length(): number {
    let length = 0;
    for (let row = 0; row < this.rows; row++) length = Math.max(length, this.positions[row]! + 1);
    return length;
  }
}
