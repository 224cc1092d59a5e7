import type { Hex } from '../../core/bytes.ts';

/** How many of the latest jobs are remembered. */
const REMEMBERED = 10_000;

/**
 * Whose job it was, in memory only: opened leaves hold the answer's token ids, so only who asked for the answer may
 * have them. A receipt itself holds hashes, and may be shown to anybody.
 */
export interface JobOwners {
  add(job: Hex, agent: string): void;
  isOwner(job: Hex, agent: string): boolean;
}

export function createJobOwners(): JobOwners {
  const agents = new Map<Hex, string>();
  return {
    add(job, agent) {
      agents.set(job, agent);
      for (const oldest of agents.keys()) {
        if (agents.size <= REMEMBERED) return;
        agents.delete(oldest);
      }
    },
    isOwner: (job, agent) => agents.get(job) === agent,
  };
}
