import { CodedError } from '../../core/errors.ts';
import type { TokenLogprobs } from '../../protocol/wire/logprobs.ts';
import type { JobOrder } from './job.ts';

/**
 * Whether the log-probabilities of a delta are what the job asked for (rule C7).
 * @throws CodedError `logprobs_invalid`, with what is wrong
 */
export function checkLogprobs(
  { topLogprobs, model }: Pick<JobOrder, 'topLogprobs' | 'model'>,
  count: number,
  logprobs: readonly TokenLogprobs[] | undefined,
): void {
  const fault =
    topLogprobs === undefined ? logprobs && 'unasked' : faultOf(topLogprobs, model.vocab, count, logprobs);
  if (!fault) return;
  const message = `The log-probabilities of a delta are not what the job asked for: ${fault}.`;
  throw new CodedError('logprobs_invalid', message, { fault });
}

function faultOf(
  asked: number,
  vocab: number,
  count: number,
  logprobs: readonly TokenLogprobs[] | undefined,
): string | undefined {
  if (logprobs?.length !== count) return 'count';
  const top = Math.min(asked, vocab);
  for (const [logprob, topIds, topLogprobs] of logprobs) {
    if (logprob > 0) return 'sign';
    if (topIds.length !== top) return 'alternatives';
    if (topIds.some((id) => id >= vocab)) return 'vocabulary';
    if (topLogprobs.some((value, i) => value > (topLogprobs[i - 1] ?? 0))) return 'order';
  }
  return undefined;
}
