import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { z } from 'zod';
import { equalBytes, utf8 } from '../../core/bytes.ts';
import type { Clock } from '../../core/clock.ts';
import { CodedError } from '../../core/errors.ts';
import type { Price } from '../../protocol/wire/job.ts';
import { canonicalJson } from '../../protocol/wire/canonical-json.ts';
import { encodeBytes } from './header-json.ts';
import type { PaymentTerms } from './payment-terms.ts';

const REALM = 'afterglow';

/** How long a challenge may be answered, for any number of requests. */
const LIFETIME_MS = 10 * 60_000;

/** A challenge as every credential repeats it. */
export const challengeSchema = z.object({
  id: z.string().min(1).max(64),
  realm: z.string().max(64),
  method: z.literal('evm'),
  intent: z.literal('session'),
  request: z.string().max(4096),
  expires: z.iso.datetime(),
});
export type ChallengeEcho = z.infer<typeof challengeSchema>;

/** What one request would cost at most, and what is needed of a channel that was named. Base units. */
export interface Quote {
  readonly amount: bigint;
  readonly price: Price;
  readonly promptTokens: number;
  /** Answers that it asks for: the amount is for all of them, each with its prompt (rule A7). */
  readonly choices: number;
  /** What the next voucher on the named channel must reach. */
  readonly firstVoucher?: bigint;
}

/** Challenges of the `Payment` scheme. They are not stored: each proves by its id that this relay made it. */
export interface Challenges {
  /** The value of `WWW-Authenticate`. @param quote absent where there is no request yet */
  issue(quote?: Quote): string;
  /** @throws CodedError `challenge_invalid`, `challenge_expired` */
  check(challenge: ChallengeEcho): void;
}

/** @param key 32 secret bytes, the same for all processes of one relay */
export function createChallenges(
  key: Uint8Array,
  { chainId, escrow, feeBps, feePayer, relay, suggestedDeposit, token }: PaymentTerms,
  unit: bigint,
  clock: Clock,
): Challenges {
  const idOf = (expires: string): Uint8Array =>
    hmac(sha256, key, utf8(JSON.stringify([REALM, relay, escrow, chainId, expires])));

  return {
    issue(quote) {
      const expires = new Date(clock.now() + LIFETIME_MS).toISOString();
      const request = canonicalJson({
        amount: String(quote?.amount ?? 0n),
        unitType: 'request',
        currency: token,
        recipient: relay,
        suggestedDeposit: String(suggestedDeposit),
        methodDetails: {
          chainId,
          escrowContract: escrow,
          feePayer,
          credentialTypes: feePayer ? ['authorization', 'hash'] : ['hash'],
          afterglow: { unit: String(unit), feeBps, ...(quote ? detailsOf(quote) : {}) },
        },
      });
      const fields = {
        id: encodeBytes(idOf(expires)),
        realm: REALM,
        method: 'evm',
        intent: 'session',
        request: encodeBytes(utf8(request)),
        expires,
      };
      return `Payment ${Object.entries(fields)
        .map(([name, value]) => `${name}="${value}"`)
        .join(', ')}`;
    },
    check({ expires, id, realm }) {
      if (realm !== REALM || !equalBytes(utf8(id), utf8(encodeBytes(idOf(expires)))))
        throw new CodedError(
          'challenge_invalid',
          'This challenge was not made by this relay, for these contracts.',
        );
      if (Date.parse(expires) < clock.now())
        throw new CodedError('challenge_expired', 'This challenge is over: answer the new one.');
    },
  };
}

function detailsOf({ choices, firstVoucher, price, promptTokens }: Quote): object {
  return {
    price,
    promptTokens,
    choices,
    ...(firstVoucher === undefined ? {} : { firstVoucher: String(firstVoucher) }),
  };
}

/** The secret that challenges are made with, from the relay's own key. */
export function challengeKey(privateKey: Uint8Array): Uint8Array {
  return hmac(sha256, privateKey, utf8('afterglow/challenge/1'));
}
