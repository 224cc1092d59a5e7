import { attemptTotal, pinTerms } from '../protocol/money/price.ts';
import type { Assignment } from '../protocol/wire/job.ts';

/** An attempt's own progress: its signed chunks and their tokens. */
export interface AttemptProgress {
  readonly chunks: number;
  readonly tokens: number;
  /** The answer is whole: the rest of the prompt's fee is earned. */
  readonly finished: boolean;
}

/** What goes into the sum of an assignment. */
export type PaidTerms = Pick<Assignment, 'price' | 'feeBps' | 'before'> & { readonly promptTokens: number };

export function termsOf({ price, feeBps, before, prompt }: Assignment): PaidTerms {
  return { price, feeBps, before, promptTokens: prompt.length };
}

/** What an attempt has earned by now, in pico as a decimal string: the `total` of its statements (rule M4). */
export function earned({ price, feeBps, before, promptTokens }: PaidTerms, own: AttemptProgress): string {
  const terms = pinTerms(price, promptTokens, feeBps);
  const chunks = before.chunks + own.chunks;
  const tokens = before.tokens + own.tokens;
  return String(attemptTotal(terms, before, { chunks, tokens, finished: own.finished }));
}
