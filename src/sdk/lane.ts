import { abortError } from '../core/errors.ts';

/** Runs tasks one after the other, in the order in which they were given. */
export interface Lane {
  /** @throws whatever `task` throws; CodedError `aborted` where the signal aborted before its turn came */
  run<T>(task: () => Promise<T>, signal?: AbortSignal): Promise<T>;
}

/**
 * What orders everything that carries a voucher of one channel: cumulative amounts must reach the relay in the order
 * in which they were signed.
 */
export function createLane(): Lane {
  let last: Promise<unknown> = Promise.resolve();
  return {
    run(task, signal) {
      const turn = last.then(() => {
        if (signal?.aborted) throw abortError(signal);
        return task();
      });
      last = turn.catch(() => {});
      return turn;
    },
  };
}
