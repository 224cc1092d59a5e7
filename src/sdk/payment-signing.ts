import type { Hex } from '../core/bytes.ts';
import { openNonce, RECEIVE_WITH_AUTHORIZATION, topUpNonce } from '../protocol/money/authorization.ts';
import {
  channelDomain,
  channelIdOf as idOf,
  type ChannelParts,
  NO_SIGNER,
  VOUCHER,
  voucherDigester,
} from '../protocol/money/voucher.ts';
import type { SignedDeposit, SignedVoucher } from './credential.ts';
import type { PaymentTerms } from './payment-terms.ts';
import { accountOf, signStruct, type Wallet } from './wallet.ts';

/** Vouchers are signed by the payer itself. */
function partsOf(payer: Hex, salt: Hex, { payee, token }: PaymentTerms): ChannelParts {
  return { payer, payee, token, salt, authorizedSigner: NO_SIGNER };
}

/** The id that the escrow will give the channel of this payer and salt. */
export function channelIdOf(payer: Hex, salt: Hex, terms: PaymentTerms): Hex {
  return idOf(partsOf(payer, salt, terms), { chainId: terms.chainId, contract: terms.escrow });
}

type EscrowRef = Pick<PaymentTerms, 'chainId' | 'escrow'>;

/** What stands under a voucher's signature. @param cumulative base units */
export function voucherDigestOf({ chainId, escrow }: EscrowRef, channelId: Hex, cumulative: bigint): Hex {
  return voucherDigester({ chainId, contract: escrow })({ channelId, cumulativeAmount: cumulative });
}

/** @throws CodedError `wallet_refused` */
export async function signVoucher(
  wallet: Wallet,
  { chainId, escrow }: EscrowRef,
  channelId: Hex,
  cumulative: bigint,
): Promise<SignedVoucher> {
  const domain = channelDomain({ chainId, contract: escrow });
  const values = { channelId, cumulativeAmount: cumulative };
  return { channelId, cumulative, signature: await signStruct(wallet, domain, VOUCHER, values) };
}

export interface DepositOrder {
  /** Base units. */
  readonly value: bigint;
  readonly salt: Hex;
  /** Seconds since the epoch. */
  readonly validBefore: number;
}

/** Authorizes the escrow, and only for the channel of this salt, to draw the deposit: the nonce binds it (rule K5). */
export function signDeposit(
  wallet: Wallet,
  terms: PaymentTerms,
  order: DepositOrder,
): Promise<SignedDeposit> {
  return authorize(wallet, terms, openNonce(partsOf(accountOf(wallet), order.salt, terms)), order);
}

/** Authorizes the escrow to add to the deposit of one channel. */
export function signTopUp(
  wallet: Wallet,
  terms: PaymentTerms,
  channelId: Hex,
  order: DepositOrder,
): Promise<SignedDeposit> {
  const nonce = topUpNonce(channelId, order.value, { from: accountOf(wallet), salt: order.salt });
  return authorize(wallet, terms, nonce, order);
}

async function authorize(
  wallet: Wallet,
  { chainId, escrow, token, tokenName, tokenVersion }: PaymentTerms,
  nonce: Hex,
  { value, salt, validBefore }: DepositOrder,
): Promise<SignedDeposit> {
  const domain = {
    name: tokenName,
    version: tokenVersion,
    chainId: BigInt(chainId),
    verifyingContract: token,
  };
  const ends = { from: accountOf(wallet), to: escrow };
  const values = { ...ends, value, validAfter: 0n, validBefore: BigInt(validBefore), nonce };
  const signature = await signStruct(wallet, domain, RECEIVE_WITH_AUTHORIZATION, values);
  const texts = { value: value.toString(), validAfter: '0', validBefore: String(validBefore) };
  return { salt, signature, authorization: { ...ends, ...texts, nonce } };
}
