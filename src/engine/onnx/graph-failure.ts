import { CodedError } from '../../core/errors.ts';

const MEMORY = /out of memory|bad_alloc|failed to allocate|memory access out of bounds|Aborted\(OOM/i;

/** What the runtime threw, as an error with a code: `out_of_memory` where it says so, else `code`. */
export function graphFailure(error: unknown, code: 'engine_failed' | 'model_unsupported'): CodedError {
  if (error instanceof CodedError) return error;
  const text = error instanceof Error ? error.message : String(error);
  if (MEMORY.test(text)) {
    return new CodedError(
      'out_of_memory',
      'There is not enough memory for this model and its streams.',
      { text },
      error,
    );
  }
  const message =
    code === 'engine_failed' ? 'The model failed while running.' : 'The model could not be loaded.';
  return new CodedError(code, message, { text }, error);
}
