import { transferHandlers } from 'comlink';
import { CodedError, type ErrorBody } from '../../core/errors.ts';

/** The page's half of `src/provider/thrown-errors.ts`: what a worker threw arrives as a `CodedError`. */
export function receiveErrorsAsData(): void {
  const own = transferHandlers.get('throw');
  if (!own) throw new Error('This Comlink has no handler for thrown errors.');
  transferHandlers.set('throw', {
    canHandle: (value): value is unknown => own.canHandle(value),
    serialize: (value) => own.serialize(value),
    deserialize: (body) => {
      throw CodedError.fromBody(body as ErrorBody);
    },
  });
}
