import { CodedError } from '../../core/errors.ts';
import type { PayoutTerms } from '../../protocol/wire/earnings.ts';
import type { EmbedAssignment } from '../../protocol/wire/embed.ts';
import type { Assignment, Price } from '../../protocol/wire/job.ts';

/**
 * Checks the terms of an assignment before any work is done for it (rules M2, M4).
 * @param terms undefined where nobody pays
 * @throws CodedError `price_too_low`, `fee_differs`, `progress_impossible`
 */
export function checkAssignment(assignment: Assignment, terms: PayoutTerms | undefined, ask: Price): void {
  const { before, price, prior } = assignment;
  if (BigInt(price.out) < BigInt(ask.out) || BigInt(price.prompt) < BigInt(ask.prompt)) {
    throw new CodedError('price_too_low', 'The job pays less than was asked for.', { price, ask });
  }
  checkFee(assignment, terms);
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

/** The same for an embedding job, which pays by the input token. @throws CodedError `price_too_low`, `fee_differs` */
export function checkEmbedAssignment(
  assignment: EmbedAssignment,
  terms: PayoutTerms | undefined,
  ask: Price,
): void {
  const { price } = assignment;
  if (BigInt(price.prompt) < BigInt(ask.prompt)) {
    throw new CodedError('price_too_low', 'The job pays less than was asked for.', { price, ask });
  }
  checkFee(assignment, terms);
}

function checkFee(
  { price, feeBps }: Pick<Assignment, 'price' | 'feeBps'>,
  terms: PayoutTerms | undefined,
): void {
  const isPaid = price.out !== '0' || price.prompt !== '0';
  if (!terms || !isPaid || feeBps <= terms.feeBps) return;
  const data = { feeBps, announced: terms.feeBps };
  throw new CodedError('fee_differs', 'The relay takes more of this job than it announced.', data);
}
