import { abortError } from './errors.ts';

/** Time, handed in: the simulation's clock and the machine's are the same thing to everybody else. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls `run` once after `ms`; the returned function takes it back. */
  after(ms: number, run: () => void): () => void;
}

/** Resolves after `ms`, or rejects at once when the signal aborts. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(abortError(signal));
    const onAbort = (): void => {
      undo();
      reject(abortError(signal as AbortSignal));
    };
    const undo = clock.after(ms, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** Calls `run` every `ms` until the returned function is called. */
export function every(clock: Clock, ms: number, run: () => void): () => void {
  let undo = clock.after(ms, tick);
  let stopped = false;
  function tick(): void {
    run();
    if (!stopped) undo = clock.after(ms, tick);
  }
  return () => {
    stopped = true;
    undo();
  };
}
