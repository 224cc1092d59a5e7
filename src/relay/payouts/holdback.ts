import type { BatchRow } from '../ledger/state.ts';

/** What becomes of a closed batch. */
export type Verdict = 'vest' | { readonly forfeit: true; readonly reason: string };

/**
 * Decides when a closed batch vests (rule M7): audits implement it. It may take its time and may be asked again about
 * the same batch after a restart; where it rejects, it is asked again.
 */
export interface Holdback {
  release(batch: BatchRow): Promise<Verdict>;
}

/** Nobody looks: batches vest when they close. */
export const NO_HOLDBACK: Holdback = { release: async () => 'vest' };
