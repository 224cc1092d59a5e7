import type { Clock } from '../core/clock.ts';
import { CodedError } from '../core/errors.ts';

/**
 * Runs `task` with a signal that aborts after `ms`, or with `outer`.
 * @throws CodedError `timeout` through the signal's reason
 */
export async function within<T>(
  clock: Clock,
  ms: number,
  task: (signal: AbortSignal) => Promise<T>,
  outer?: AbortSignal,
): Promise<T> {
  const deadline = new AbortController();
  const undo = clock.after(ms, () =>
    deadline.abort(new CodedError('timeout', `The relay took longer than ${ms / 1000} s.`, { ms })),
  );
  try {
    return await task(outer ? AbortSignal.any([outer, deadline.signal]) : deadline.signal);
  } finally {
    undo();
  }
}
