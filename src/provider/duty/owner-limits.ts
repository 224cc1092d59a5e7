/** What an owner allows; all of it can be changed while lending, the budget with the next start. */
export interface OwnerLimits {
  /** Share of the GPU's time, 0.1 to 1: kept by resting between two steps (rule D4). */
  readonly share: number;
  /**
   * When the tab gives way to what else runs: on real GPUs, or also where the CPU does the work, which everything else
   * on the machine slows down, the relay and agents of a test included.
   */
  readonly giveWay: GiveWay;
  /** Bytes of GPU memory for the model and its streams; 0: as much as there is. */
  readonly memoryBytes: number;
  /** Longest prompt that is taken, in tokens; 0: as long as the model allows (rule P4). */
  readonly promptTokens: number;
}

export type GiveWay = 'gpu' | 'always' | 'never';

export const LEAST_SHARE = 0.1;
