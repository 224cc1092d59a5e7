/** How many of the largest logits a leaf commits to. */
export const TOP_COUNT = 4;

/** How many log-probabilities anybody can ask for. */
export const MAX_TOP = 20;

/**
 * What one decode step yields for one stream: all that leaves the GPU. Log-probabilities are natural and of the
 * model's own distribution (before temperature).
 */
export interface Sample {
  readonly id: number;
  readonly logprob: number;
  /** Largest logits first, ties by the lower id: as many as were asked for, and at least `TOP_COUNT`. */
  readonly topIds: readonly number[];
  readonly topLogprobs: readonly number[];
  /** ±1 projection of the mean-centred logits, divided by sqrt(vocab): `PROJECTION_WIDTH` numbers. */
  readonly projection: readonly number[];
  /** Distance in z' + T * g between the chosen token and the runner-up: how sure the choice is (rule S3). */
  readonly margin: number;
}
