/**
 * Inputs of one pass, padded on the right to the longest. The integers are 64-bit, held as pairs of 32-bit words, the
 * low one first, as in `step-inputs.ts`.
 */
export interface PaddedBatch {
  readonly rows: number;
  readonly width: number;
  /** [rows, width]; padding is id 0 with mask 0. */
  readonly ids: Int32Array<ArrayBuffer>;
  readonly mask: Int32Array<ArrayBuffer>;
  /** [rows, width] zeros. */
  readonly types: Int32Array<ArrayBuffer>;
}

export function padBatch(inputs: readonly (readonly number[])[]): PaddedBatch {
  const rows = inputs.length;
  const width = inputs.reduce((longest, { length }) => Math.max(longest, length), 0);
  const words = (): Int32Array<ArrayBuffer> => new Int32Array(2 * rows * width);
  const batch = { rows, width, ids: words(), mask: words(), types: words() };
  for (const [row, ids] of inputs.entries()) {
    for (const [i, id] of ids.entries()) {
      const at = 2 * (row * width + i);
      batch.ids[at] = id;
      batch.mask[at] = 1;
    }
  }
  return batch;
}

/**
 * Which of the waiting inputs go into the next pass: the one that waits longest, and with it those of the most similar
 * length, as long as the padded batch stays within `tokens` and no row is less than half as long as the longest.
 * @param lengths of what waits, in the order of arrival; at least one
 * @returns indices, ascending
 */
export function chooseBatch(lengths: readonly number[], tokens: number): number[] {
  const oldest = lengths[0] as number;
  const distance = (index: number): number => Math.abs((lengths[index] as number) - oldest);
  const others = lengths.map((_, index) => index).slice(1);
  const chosen = [0];
  let [longest, shortest] = [oldest, oldest];
  for (const index of others.sort((a, b) => distance(a) - distance(b) || a - b)) {
    const length = lengths[index] as number;
    const [most, least] = [Math.max(longest, length), Math.min(shortest, length)];
    if (most * (chosen.length + 1) > tokens || least * 2 < most) continue;
    [longest, shortest] = [most, least];
    chosen.push(index);
  }
  return chosen.sort((a, b) => a - b);
}
