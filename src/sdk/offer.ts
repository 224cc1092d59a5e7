import { CodedError } from '../core/errors.ts';
import type { JobTerms } from '../protocol/money/price.ts';
import { promptFee } from '../protocol/money/price.ts';
import type { Challenge } from './challenge.ts';
import type { PaidOrder } from './paid-order.ts';
import type { PaymentTerms } from './payment-terms.ts';

/** Pico per token. */
export interface TokenPrice {
  readonly out: bigint;
  readonly prompt: bigint;
}

/** What a relay offers for one request, found acceptable. */
export interface Offer {
  /** Of each choice. */
  readonly terms: JobTerms;
  /** Output tokens that each choice may have at most, as the relay counts it. */
  readonly maxTokens: number;
  /** Base units that the relay says the next voucher must reach, if it said so. */
  readonly firstVoucher: bigint | undefined;
}

/**
 * Reads what a challenge asks for a request, and refuses what goes beyond what the relay published, what the caller
 * allows, or what the request can hold.
 * @throws CodedError `challenge_malformed`, `price_too_high`, `price_changed`, `prompt_overcounted`
 */
export function checkOffer(
  { request }: Challenge,
  order: PaidOrder,
  { feeBps, prices, unit }: PaymentTerms,
  maxPrice: TokenPrice | undefined,
): Offer {
  const { choices = 1, firstVoucher, price, promptTokens } = request.methodDetails.afterglow ?? {};
  if (!price || promptTokens === undefined)
    throw new CodedError('challenge_malformed', 'The relay asks for a payment without naming its price.');
  if (choices !== order.choices)
    throw new CodedError('challenge_malformed', 'The relay asks for other choices than were ordered.');
  const data = { out: price.out.toString(), prompt: price.prompt.toString() };
  if (maxPrice && (price.out > maxPrice.out || price.prompt > maxPrice.prompt))
    throw new CodedError('price_too_high', 'The relay asks for more than the highest price allowed.', data);
  const published = prices[order.model];
  if (published && (price.out > published.out || price.prompt > published.prompt))
    throw new CodedError('price_changed', 'The relay asks for more than it published.', data);
  if (promptTokens > order.promptTokensAtMost) {
    throw new CodedError(
      'prompt_overcounted',
      'The relay counts more tokens than the request has characters.',
      {
        promptTokens,
        most: order.promptTokensAtMost,
      },
    );
  }
  const terms = { out: price.out, prompt: price.prompt, promptTokens, feeBps };
  const each = (request.amount * unit) / BigInt(choices);
  const room = price.out === 0n ? Number.MAX_SAFE_INTEGER : (each - promptFee(terms)) / price.out;
  const maxTokens = Math.min(Number(room), order.maxTokens ?? Number.MAX_SAFE_INTEGER);
  return { terms, firstVoucher, maxTokens: Math.max(1, maxTokens) };
}
