/** How an encoder's states become a vector (rule V4). Plain arithmetic, the same for every backend. */

export type Pooling = 'mean' | 'cls';

/** Which part of a batch's states belongs to an input: `tokens` rows of `hidden` numbers from `first` on. */
export interface StateSpan {
  readonly first: number;
  readonly tokens: number;
  readonly hidden: number;
}

/** One vector of `hidden` numbers: the mean of all its tokens' states, or the first token's state. */
export function poolStates(
  states: Float32Array,
  { first, tokens, hidden }: StateSpan,
  pooling: Pooling,
): Float32Array {
  if (pooling === 'cls') return states.slice(first, first + hidden);
  const sums = new Float64Array(hidden);
  for (let token = 0, at = first; token < tokens; token++) {
    for (let i = 0; i < hidden; i++, at++) sums[i] = sums[i]! + states[at]!;
  }
  return Float32Array.from(sums, (sum) => sum / tokens);
}

/** Cuts a vector to its first numbers, and brings it to length 1 where the model's vectors have that. */
export function finishVector(vector: Float32Array, dimensions: number, normalise: boolean): Float32Array {
  const cut = vector.slice(0, dimensions);
  if (!normalise) return cut;
  let square = 0;
  for (const value of cut) square += value * value;
  // A vector of zeros has no direction: it stays what it is.
  const length = Math.sqrt(square) || 1;
  return cut.map((value) => value / length);
}
