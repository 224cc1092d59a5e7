import { z } from 'zod';
import { CodedError } from '../core/errors.ts';
import { amount, anyAddress, tokenPrice } from './amount-fields.ts';
import { decodeBase64Url } from './base64url.ts';
import type { PaymentTerms } from './payment-terms.ts';

/** The challenge's fields as they stood in the header, which every credential repeats. */
const echoSchema = z.object({
  id: z.string().min(1),
  realm: z.string(),
  method: z.literal('evm'),
  intent: z.literal('session'),
  request: z.string().min(1),
  expires: z.string().optional(),
});
export type ChallengeEcho = z.infer<typeof echoSchema>;

const requestSchema = z.object({
  /** This request's maximum, in base units. */
  amount,
  currency: anyAddress,
  recipient: anyAddress,
  methodDetails: z.object({
    chainId: z.int(),
    escrowContract: anyAddress,
    /** Missing where the challenge was given to a request without a body. */
    afterglow: z
      .object({
        price: tokenPrice,
        promptTokens: z.int().min(0),
        /** Answers that the amount is for. */
        choices: z.int().min(1),
        firstVoucher: amount.optional(),
      })
      .partial()
      .optional(),
  }),
});

/** What a relay asks for before it runs a request (402). */
export interface Challenge {
  readonly echo: ChallengeEcho;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  readonly request: z.output<typeof requestSchema>;
}

const PARAMETER = /([a-zA-Z]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/y;

/**
 * The challenge of a 402 answer. It must name the contracts, the token and the payee of the terms.
 * @throws CodedError `challenge_malformed`, `terms_changed`
 */
export function readChallenge(headers: Headers, terms: PaymentTerms): Challenge {
  for (const fields of paymentChallenges(headers.get('www-authenticate') ?? '')) {
    const echo = echoSchema.safeParse(fields);
    if (!echo.success) continue;
    const request = requestSchema.safeParse(decodeBase64Url(echo.data.request));
    if (!request.success) continue;
    const { currency, recipient, methodDetails } = request.data;
    const { chainId, escrowContract } = methodDetails;
    const asked: [string | number, string | number][] = [
      [chainId, terms.chainId],
      [escrowContract, terms.escrow],
      [currency, terms.token],
      [recipient, terms.payee],
    ];
    if (asked.some(([now, before]) => now !== before))
      throw new CodedError('terms_changed', 'The relay asks for payment under other terms than it told.');
    const { expires } = echo.data;
    return {
      echo: echo.data,
      request: request.data,
      expiresAt: expires === undefined ? Number.POSITIVE_INFINITY : Date.parse(expires),
    };
  }
  throw new CodedError('challenge_malformed', 'The relay asks for a payment that this client can’t make.');
}

/** The parameters of each challenge of scheme `Payment`; other schemes may stand beside it. */
function* paymentChallenges(header: string): Generator<Record<string, string>> {
  for (const start of header.matchAll(/(?:^|,)\s*Payment\s+/gi)) {
    const fields: Record<string, string> = {};
    let at = start.index + start[0].length;
    for (;;) {
      PARAMETER.lastIndex = at;
      const [whole, name, quoted, token] = PARAMETER.exec(header) ?? [];
      if (whole === undefined || name === undefined) break;
      fields[name.toLowerCase()] = token ?? (quoted ?? '').replace(/\\(.)/g, '$1');
      at += whole.length;
      at += /^\s*,?\s*/.exec(header.slice(at))?.[0].length ?? 0;
    }
    yield fields;
  }
}
