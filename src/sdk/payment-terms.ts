import { z } from 'zod';
import { CodedError } from '../core/errors.ts';
import { CHUNK_TOKENS } from '../protocol/constants.ts';
import { amount, anyAddress, tokenPrice } from './amount-fields.ts';
import { createRelayEndpoint, type Fetch, type RelayEndpoint } from './relay-endpoint.ts';

const termsSchema = z.object({
  relay: anyAddress,
  chainId: z.int().min(1),
  token: anyAddress,
  tokenDecimals: z.int().min(0).max(12),
  tokenName: z.string(),
  tokenVersion: z.string(),
  /** The contract that holds deposits. */
  escrow: anyAddress,
  payee: anyAddress,
  feeBps: z.int().min(0).max(10_000),
  /** Pico in one base unit. */
  unit: amount,
  chunkTokens: z.literal(CHUNK_TOKENS),
  /** Base units. */
  minDeposit: amount,
  suggestedDeposit: amount,
  feePayer: z.boolean(),
  prices: z.record(z.string(), tokenPrice),
});

/** How a relay wants to be paid, as `GET /v1/payment` says. */
export type PaymentTerms = z.output<typeof termsSchema>;

/** The contracts that an agent is willing to deposit into. */
export interface TrustedContracts {
  readonly chainId: number;
  readonly escrow: string;
  readonly token: string;
}

/** The terms of a relay that is named by its URL. @throws CodedError as `readTerms`, and `relay_invalid` */
export function fetchTerms(relay: string, fetch: Fetch = globalThis.fetch): Promise<PaymentTerms> {
  return readTerms(createRelayEndpoint(relay, fetch));
}

/**
 * Asks a relay for its terms.
 * @param trusted a relay that names other contracts is refused: it could name one of its own making
 * @throws CodedError `relay_unreachable`, `terms_malformed`, `payment_unsupported` (the relay takes no payments),
 * `contracts_untrusted`
 */
export async function readTerms(
  relay: RelayEndpoint,
  trusted?: TrustedContracts,
  signal?: AbortSignal,
): Promise<PaymentTerms> {
  const response = await relay.get('/v1/payment', signal);
  if (response.status === 404)
    throw new CodedError('payment_unsupported', 'This relay does not take payments.', { relay: relay.url });
  const parsed = termsSchema.safeParse(await response.json().catch(() => undefined));
  if (!parsed.success) {
    throw new CodedError('terms_malformed', 'The relay’s payment terms can’t be read.', {
      status: response.status,
      field: parsed.error.issues[0]?.path.join('.'),
    });
  }
  const terms = parsed.data;
  if (terms.unit !== 10n ** BigInt(12 - terms.tokenDecimals))
    throw new CodedError('terms_malformed', 'The relay’s unit does not fit its token.', { field: 'unit' });
  if (trusted) checkContracts(terms, trusted);
  return terms;
}

function checkContracts(terms: PaymentTerms, trusted: TrustedContracts): void {
  const isSame =
    terms.chainId === trusted.chainId &&
    terms.escrow === trusted.escrow.toLowerCase() &&
    terms.token === trusted.token.toLowerCase();
  if (isSame) return;
  const { chainId, escrow, token } = terms;
  const asked = `${chainId}:${escrow}:${token}`;
  throw new CodedError(
    'contracts_untrusted',
    `The relay asks for a deposit in contracts that you did not name (CHAIN:ESCROW:TOKEN): ${asked}.`,
    { chainId, escrow, token },
  );
}
