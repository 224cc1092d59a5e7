import { apply } from '../../src/relay/ledger/apply.ts';
import type { Operation } from '../../src/relay/ledger/operation.ts';
import { type MutableState, record } from '../../src/relay/ledger/record.ts';
import { LedgerTraffic } from '../../src/sim/ledger-traffic.ts';
import { SimRandom } from '../../src/sim/sim-random.ts';

/** What the ledger of a crash trial counts. */
export const CRASH_BOOK = { unit: 1_000_000n, book: 'crash' };

/**
 * The operations of one round: writer and checker make the same from the same seed and the same state. Each call makes
 * the next one and applies it to `state`.
 */
export function crashTraffic(seed: number, state: MutableState): () => Operation {
  const shape = { channels: 40, providers: 30, jobs: 60, faults: 0.1 };
  const traffic = new LedgerTraffic(new SimRandom(seed), shape, `round-${seed}`);
  return () => {
    const op = traffic.next(state);
    record(state, op, apply(state, op));
    return op;
  };
}

/** A copy that later changes to the original do not reach. */
export function copyState({ unit, ...maps }: MutableState): MutableState {
  const { channels, jobs, providers, batches, results } = maps;
  return {
    unit,
    channels: new Map(channels),
    jobs: new Map(jobs),
    providers: new Map(providers),
    batches: new Map(batches),
    results: new Map(results),
  };
}
