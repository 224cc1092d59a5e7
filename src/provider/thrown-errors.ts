import { transferHandlers } from 'comlink';
import { errorBody } from '../core/errors.ts';

/** Comlink's wrapper of a thrown value; its marker is a symbol of its own, so its `canHandle` is asked. */
interface Thrown {
  readonly value: unknown;
}

/**
 * Makes errors leave this worker as data: Comlink's own handler keeps an `Error`'s message and drops `code` and
 * `data`. The page reads them in `src/app/worker/thrown-errors.ts`.
 */
export function sendErrorsAsData(): void {
  const own = transferHandlers.get('throw');
  if (!own) throw new Error('This Comlink has no handler for thrown errors.');
  transferHandlers.set('throw', {
    canHandle: (value): value is Thrown => own.canHandle(value),
    serialize: (thrown: Thrown) => [errorBody(thrown.value), []],
    deserialize: (value) => own.deserialize(value),
  });
}
