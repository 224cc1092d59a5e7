import type { Hex } from '../../../../src/core/bytes.ts';
import { ceilToBase, fullCost, promptFee } from '../../../../src/protocol/money/price.ts';
import { encodeBase64Url } from '../../../../src/sdk/base64url.ts';
import { bytes } from '../../relay/support/byte-model.ts';
import type { Mischief } from './mischief.ts';

export const RELAY = 'http://relay.test';
export const PRICE = { out: 100_000n, prompt: 20_000n };
export const UNIT = 1_000_000n;

const address = (digit: string): Hex => `0x${digit.repeat(40)}`;
export const TERMS = {
  relay: address('a'),
  chainId: 31337,
  token: address('b'),
  tokenDecimals: 6,
  tokenName: 'Test Dollar',
  tokenVersion: '1',
  escrow: address('c'),
  hub: address('d'),
  payee: address('a'),
  feeBps: 500,
  unit: String(UNIT),
  closeGraceSeconds: 60,
  chunkTokens: 32,
  minDeposit: '1000',
  suggestedDeposit: '1000000',
  feePayer: true,
  prices: { bytes: { out: String(PRICE.out), prompt: String(PRICE.prompt) } },
  confirmations: 1,
};

/** The prompt's ids: the bytes of its messages. */
export function promptOf(order: Record<string, unknown>): number[] {
  const messages = (order['messages'] ?? []) as { content: string }[];
  return bytes(messages.map(({ content }) => content).join('\n'));
}

export function maxTokensOf(order: Record<string, unknown>): number {
  return Number(order['max_tokens'] ?? order['max_completion_tokens'] ?? 256);
}

/** Pico of a whole answer. */
export function costOf(promptTokens: number, tokens: number): bigint {
  return promptFee({ ...PRICE, promptTokens, feeBps: 0 }) + PRICE.out * BigInt(tokens);
}

/** `WWW-Authenticate` for an order, or for none. @param held pico that the channel owes or holds already */
export function challengeHeader(
  mischief: Mischief,
  held: bigint,
  order: Record<string, unknown> | undefined,
): string {
  const { firstMore = 0n, priceMore = 0n, promptMore = 0 } = mischief;
  const promptTokens = (order ? promptOf(order).length : 0) + promptMore;
  const price = { out: PRICE.out + priceMore, prompt: PRICE.prompt };
  const terms = { ...price, promptTokens, feeBps: TERMS.feeBps };
  const max = order ? maxTokensOf(order) : 0;
  const first = ceilToBase(held + fullCost(terms, Math.min(32, max)), UNIT) + firstMore;
  const quote = {
    price: { out: String(price.out), prompt: String(price.prompt) },
    promptTokens,
    firstVoucher: String(first),
  };
  const request = {
    amount: String(ceilToBase(fullCost(terms, max), UNIT)),
    unitType: 'request',
    currency: TERMS.token,
    recipient: TERMS.payee,
    suggestedDeposit: TERMS.suggestedDeposit,
    methodDetails: {
      chainId: TERMS.chainId,
      escrowContract: TERMS.escrow,
      feePayer: true,
      credentialTypes: ['authorization', 'hash'],
      afterglow: { unit: TERMS.unit, feeBps: TERMS.feeBps, ...(order ? quote : {}) },
    },
  };
  const expires = new Date(Date.now() + 600_000).toISOString();
  return `Payment id="c1", realm="afterglow", method="evm", intent="session", request="${encodeBase64Url(request)}", expires="${expires}"`;
}
