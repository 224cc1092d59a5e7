import type { CodedError } from '../../core/errors.ts';
import type { JobReceipt } from '../../protocol/money/receipt.ts';
import type { Finish } from '../../protocol/wire/job.ts';
import type { TokenLogprobs } from '../../protocol/wire/logprobs.ts';
import type { JobSink } from './job.ts';

type End =
  | { readonly finish: Finish; readonly rest: string; readonly receipt: JobReceipt }
  | { readonly error: CodedError };

/** All who hear of one job. Who comes later hears from the beginning, also after the end. */
export interface Audience extends JobSink {
  /** Begins at once with all that was said so far. */
  join(listener: JobSink): void;
  /** @returns whether nobody listens any more */
  leave(listener: JobSink): boolean;
  readonly ended: boolean;
}

/** @param ended called once, with whether the answer is whole */
export function createAudience(ended: (isWhole: boolean) => void): Audience {
  const listeners = new Set<JobSink>();
  const ids: number[] = [];
  let logprobs: TokenLogprobs[] | undefined;
  let text = '';
  let end: End | undefined;

  function close(last: End): void {
    end = last;
    ended('finish' in last);
    for (const listener of listeners) tellEnd(listener, last);
    listeners.clear();
  }

  return {
    get ended() {
      return end !== undefined;
    },
    join(listener) {
      if (ids.length > 0) listener.tokens([...ids], text, logprobs && [...logprobs]);
      if (end) tellEnd(listener, end);
      else listeners.add(listener);
    },
    leave(listener) {
      listeners.delete(listener);
      return listeners.size === 0;
    },
    waiting(position, etaMs) {
      for (const listener of listeners) listener.waiting(position, etaMs);
    },
    tokens(more, added, theirs) {
      for (const id of more) ids.push(id);
      if (theirs) (logprobs ??= []).push(...theirs);
      text += added;
      for (const listener of listeners) listener.tokens(more, added, theirs);
    },
    notice(name, data) {
      for (const listener of listeners) listener.notice?.(name, data);
    },
    finished: (finish, rest, receipt) => close({ finish, rest, receipt }),
    failed: (error) => close({ error }),
  };
}

function tellEnd(listener: JobSink, end: End): void {
  if ('error' in end) listener.failed(end.error);
  else listener.finished(end.finish, end.rest, end.receipt);
}
