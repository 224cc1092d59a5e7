import { CodedError } from '../../core/errors.ts';

/** Runs what touches IndexedDB. @throws CodedError `storage_full`, `storage_failed` */
export async function askStorage<T>(run: () => PromiseLike<T>): Promise<T> {
  try {
    return await run();
  } catch (cause) {
    const { name, message } = cause instanceof Error ? cause : { name: '', message: String(cause) };
    if (name === 'QuotaExceededError') {
      throw new CodedError('storage_full', 'The browser has no room for another receipt.', undefined, cause);
    }
    throw new CodedError('storage_failed', `The browser’s storage refused: ${message}`, undefined, cause);
  }
}
