/** A decode step of all streams, or one piece of a prompt. */
export type StepKind = 'decode' | 'prefill';

/**
 * How hard an engine may work, asked between two steps: by this the owner's share of the GPU is kept, and the owner's
 * own work is given way to (rules D).
 */
export interface Pace {
  /**
   * Called after each step. Where it gives a promise, the engine rests until that resolves; the promise must never
   * reject. Numbers and no object, because nothing is allocated per step.
   * @param size rows of a decode step, tokens of a prefill piece
   * @param length positions that the step's longest row had afterwards
   * @param ms how long the step took
   */
  afterStep(kind: StepKind, size: number, length: number, ms: number): Promise<void> | undefined;
}
