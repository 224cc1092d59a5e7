/** Weight of the newest job in the mean. */
const NEWEST = 0.2;

/** How long jobs of a model take, so that a waiting agent can be told an honest guess. */
export interface Turnover {
  /** @param ms from a job's first lease to its end */
  finished(model: string, ms: number): void;
  /** Milliseconds until the job at `position` (from 1) has a slot of `slots`, where something is known. */
  eta(model: string, position: number, slots: number): number | undefined;
}

export function createTurnover(): Turnover {
  const means = new Map<string, number>();
  return {
    finished(model, ms) {
      const mean = means.get(model) ?? ms;
      means.set(model, mean + (ms - mean) * NEWEST);
    },
    eta(model, position, slots) {
      const mean = means.get(model);
      return mean === undefined || slots < 1 ? undefined : (position * mean) / slots;
    },
  };
}
