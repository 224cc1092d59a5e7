import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { apply } from '../../../src/relay/ledger/apply.ts';
import { checkGrowth, checkInvariants } from '../../../src/relay/ledger/invariants.ts';
import type { Ledger } from '../../../src/relay/ledger/ledger.ts';
import type { Operation } from '../../../src/relay/ledger/operation.ts';
import { emptyState, type MutableState, record } from '../../../src/relay/ledger/record.ts';
import type { OperationResult } from '../../../src/relay/ledger/result.ts';
import type { LedgerState } from '../../../src/relay/ledger/state.ts';
import { LedgerTraffic } from '../../../src/sim/ledger-traffic.ts';
import { SimRandom } from '../../../src/sim/sim-random.ts';
import { UNIT } from './scene.ts';

export const SHAPE = { channels: 5, providers: 4, jobs: 8, faults: 0.2 };

/** A state in which rows can be compared, and which later changes do not reach. */
export function snapshot({ unit, channels, jobs, providers, batches, results }: LedgerState): LedgerState {
  const copies = { channels: new Map(channels), jobs: new Map(jobs), providers: new Map(providers) };
  return { unit, ...copies, batches: new Map(batches), results: new Map(results) };
}

/** The model: `apply` alone, with the invariants after each step. */
export function step(state: MutableState, op: Operation): OperationResult {
  const before = snapshot(state);
  const applied = apply(state, op);
  record(state, op, applied);
  const broken = [...checkInvariants(state), ...checkGrowth(before, state)];
  if (broken.length > 0) throw new Error(`${op.type} ${op.id} broke ${JSON.stringify(broken)}`);
  if (!applied.result.ok && applied.changes) throw new Error('A refusal changed something.');
  return applied.result;
}

/** @param runs how many ledgers are opened for it */
export function describeTraffic(open: () => Promise<Ledger>, runs: number): void {
  describe('traffic', () => {
    it('M8: in any interleaving it agrees with the model op by op, and the invariants hold', async () => {
      const property = fc.asyncProperty(
        fc.nat(),
        fc.integer({ min: 1, max: 1_000 }),
        async (seed, length) => {
          const ledger = await open();
          const random = new SimRandom(seed);
          const traffic = new LedgerTraffic(random, SHAPE, 't');
          const model = emptyState(UNIT);
          const expected: OperationResult[] = [];
          const commits: Promise<readonly OperationResult[]>[] = [];
          while (expected.length < length) {
            const group = Array.from({ length: random.between(1, 6) }, () => {
              const op = traffic.next(model);
              expected.push(step(model, op));
              return op;
            });
            commits.push(ledger.commit(group));
            if (random.unit() < 0.1) await commits.at(-1);
          }
          expect((await Promise.all(commits)).flat()).toEqual(expected);
          expect(snapshot(ledger.state)).toEqual(snapshot(model));
          await ledger.close();
        },
      );
      await fc.assert(property, { numRuns: runs });
    });
  });
}
