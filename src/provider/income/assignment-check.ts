import { CodedError } from '../../core/errors.ts';
import type { PayoutTerms } from '../../protocol/wire/earnings.ts';
import type { Assignment, Price } from '../../protocol/wire/job.ts';

/**
 * Checks the terms of an assignment before any work is done for it (rules M2, M4).
 * @param terms undefined where nobody pays
 * @throws CodedError `price_too_low`, `fee_differs`, `progress_impossible`
 */
export function checkAssignment(assignment: Assignment, terms: PayoutTerms | undefined, ask: Price): void {
  const { before, feeBps, price, prior } = assignment;
  if (BigInt(price.out) < BigInt(ask.out) || BigInt(price.prompt) < BigInt(ask.prompt)) {
    throw new CodedError('price_too_low', 'The job pays less than was asked for.', { price, ask });
  }
  const isPaid = price.out !== '0' || price.prompt !== '0';
  if (terms && isPaid && feeBps > terms.feeBps) {
    throw new CodedError('fee_differs', 'The relay takes more of this job than it announced.', {
      feeBps,
      announced: terms.feeBps,
    });
  }
  // More than was delivered before would have been paid for nothing, and the prompt's fee be used up.
  if (before.tokens > prior.length || before.chunks > before.tokens) {
    throw new CodedError(
      'progress_impossible',
      'The relay counts work before this attempt that nobody did.',
      {
        before,
        prior: prior.length,
      },
    );
  }
}
