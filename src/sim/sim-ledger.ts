import type { Clock } from '../core/clock.ts';
import { CodedError } from '../core/errors.ts';
import type { Ledger } from '../relay/ledger/ledger.ts';
import type { Operation } from '../relay/ledger/operation.ts';
import type { ResultsOf } from '../relay/ledger/result.ts';
import type { SimRandom } from './sim-random.ts';

/** One process's connection to a ledger that outlives it. */
export interface SimLedger extends Ledger {
  /** The process dies: what was not on disk never gets there, and nobody hears what was. */
  crash(): void;
  dead(): boolean;
}

/** A ledger with a disk's time: a commit takes effect some time after its call, and is answered some time after that. */
export function createSimLedger(
  disk: Ledger,
  clock: Clock,
  random: SimRandom,
  written: () => void = () => {},
): SimLedger {
  let dead = false;
  let last = clock.now();

  function later(at: number, run: () => void): void {
    clock.after(at - clock.now(), () => {
      if (!dead) run();
    });
  }

  return {
    state: disk.state,
    receipts: disk.receipts,
    commit<const O extends readonly Operation[]>(operations: O): Promise<ResultsOf<O>> {
      if (dead) return new Promise(() => {});
      const done = Promise.withResolvers<ResultsOf<O>>();
      const durableAt = Math.max(last, clock.now() + random.unit() * 2);
      last = durableAt + random.unit() * 2;
      later(durableAt, () => {
        const results = disk.commit(operations);
        written();
        later(last, () => void results.then(done.resolve, done.reject));
      });
      return done.promise;
    },
    close() {
      throw new CodedError('store_closed', 'A simulated ledger is not closed.');
    },
    crash: () => (dead = true),
    dead: () => dead,
  };
}
