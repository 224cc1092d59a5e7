import type { Hex } from '../../core/bytes.ts';
import { CHUNK_TOKENS } from '../../protocol/constants.ts';
import type { Price } from '../../protocol/wire/job.ts';

/** How this relay is paid. Addresses in lower case, amounts in base units of the token. */
export interface PaymentTerms {
  /** The relay's account: payee of channels, signer of payouts and challenges. */
  readonly relay: Hex;
  readonly chainId: number;
  readonly token: Hex;
  /** The token's own EIP-712 domain: deposits are authorized under it (EIP-3009). */
  readonly tokenName: string;
  readonly tokenVersion: string;
  readonly tokenDecimals: number;
  /** `PaymentChannel`, which holds the deposits. */
  readonly escrow: Hex;
  /** `PayoutHub`, which pays providers. */
  readonly hub: Hex;
  /** Of the agent's amounts, in hundredths of a percent (rule M4). */
  readonly feeBps: number;
  /** Between a payer's request to close and its withdrawal. */
  readonly closeGraceSeconds: number;
  /** Blocks that a deposit must be deep in, its own included. */
  readonly confirmations: number;
  /** Whether the relay opens and tops up channels at its own cost: the token must take authorizations for that (rule H9). */
  readonly feePayer: boolean;
  readonly minDeposit: bigint;
  readonly suggestedDeposit: bigint;
  /** By model id; a model that is not here is not sold. */
  readonly prices: ReadonlyMap<string, Price>;
}

/** `GET /v1/payment`. @param unit pico per base unit */
export function termsJson(terms: PaymentTerms, unit: bigint): object {
  const { minDeposit, prices, relay, suggestedDeposit, ...rest } = terms;
  return {
    relay,
    ...rest,
    payee: relay,
    unit: String(unit),
    chunkTokens: CHUNK_TOKENS,
    minDeposit: String(minDeposit),
    suggestedDeposit: String(suggestedDeposit),
    prices: Object.fromEntries(prices),
  };
}
