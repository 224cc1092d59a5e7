import { type Clock, sleep } from '../../core/clock.ts';
import { CodedError } from '../../core/errors.ts';

const TRIES = 4;
const PAUSE_MS = 100;
/** Questions on their way at once. */
const AT_ONCE = 16;

/** Nodes behind one address lag behind each other: what one of them refuses, the next may know. */
export async function askAgain<T>(clock: Clock, ask: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await ask();
    } catch (error) {
      const isRefused = error instanceof CodedError && error.code === 'chain_refused';
      if (!isRefused || tries === TRIES) throw error;
      await sleep(clock, PAUSE_MS);
    }
  }
}

/** Asks until there is an answer. @throws CodedError `chain_slow`, and what `look` throws */
export async function waitFor<T>(
  clock: Clock,
  { everyMs, patienceMs }: { readonly everyMs: number; readonly patienceMs: number },
  look: () => Promise<T | undefined>,
): Promise<T> {
  const until = clock.now() + patienceMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (clock.now() >= until)
      throw new CodedError('chain_slow', 'The chain has not confirmed a transaction in time.');
    await sleep(clock, everyMs);
  }
}

/** Runs all of them, some at once. @returns what failed */
export async function runSome<T>(
  items: Iterable<T>,
  run: (item: T) => Promise<unknown>,
): Promise<readonly unknown[]> {
  const errors: unknown[] = [];
  const left = [...items].values();
  const worker = async (): Promise<void> => {
    for (const item of left) await run(item).catch((error: unknown) => errors.push(error));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return errors;
}
