/** What is farther below the greatest adds nothing that a double could hold beside 1. */
const LEAST = -50;

/** Steps of the table to one power of two. */
const STEPS = 32;

/** 2^(-k / STEPS) at k. */
const POWERS = Float64Array.from({ length: 74 * STEPS }, (_, k) => 2 ** (-k / STEPS));

/**
 * The sum of exp(z - greatest) over all logits, to 11 digits. `Math.exp` was most of what drawing a token cost on the
 * CPU, and need not have the same bits on every machine.
 * @param greatest no logit is greater
 */
export function exponentialSum(logits: Float32Array, greatest: number): number {
  let sum = 0;
  for (let i = 0; i < logits.length; i++) {
    const x = logits[i]! - greatest;
    if (x < LEAST) continue;
    // exp(x) = 2^(-k / STEPS) * exp(y), with |y| below 0.011, by its series.
    const k = (0.5 - x * (STEPS * Math.LOG2E)) | 0;
    const y = x + k * (Math.LN2 / STEPS);
    sum += (1 + y * (1 + y * (1 / 2 + y * (1 / 6 + y / 24)))) * POWERS[k]!;
  }
  return sum;
}
