import { errorBody } from '../core/errors.ts';
import { tellFault } from './fault.ts';

/** One Ctrl-C arrives several times: from the terminal, and from npm and `scripts/run.mjs`, which pass it on. */
const ECHO_MS = 1_500;

/** Aborts at the first signal to end. A second one, later, ends the process at once. */
export function listenForStop(): AbortSignal {
  const stop = new AbortController();
  let first = 0;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (stop.signal.aborted && performance.now() - first > ECHO_MS) process.exit(130);
      if (!stop.signal.aborted) first = performance.now();
      stop.abort();
    });
  }
  return stop.signal;
}

/**
 * Ends the process in order when it is told to: with 0, or with 1 and the fault on standard error where that fails. To
 * be called before the process says that it is ready: whoever reads that may end it at once.
 * @param json whether a fault is told to a program
 */
export function endOnSignal(json: boolean | undefined, end: () => Promise<void>): void {
  listenForStop().addEventListener('abort', () => {
    end().then(
      () => process.exit(0),
      (error: unknown) => {
        tellFault(errorBody(error), json);
        process.exit(1);
      },
    );
  });
}
