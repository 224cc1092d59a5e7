import type { Hex } from '../core/bytes.ts';
import { encodeBase64Url } from './base64url.ts';
import type { ChallengeEcho } from './challenge.ts';

/** A signed cumulative amount, in base units. */
export interface SignedVoucher {
  readonly channelId: Hex;
  readonly cumulative: bigint;
  readonly signature: Hex;
}

/** An EIP-3009 authorization: the relay sends it, and the deposit goes from the wallet to the escrow. */
export interface SignedDeposit {
  readonly authorization: {
    readonly from: Hex;
    readonly to: Hex;
    readonly value: string;
    readonly validAfter: string;
    readonly validBefore: string;
    readonly nonce: Hex;
  };
  readonly signature: Hex;
  readonly salt: Hex;
}

/** The header that pays. */
export function paymentHeader(challenge: ChallengeEcho, payload: object): string {
  return `Payment ${encodeBase64Url({ challenge, payload })}`;
}

export function voucherPayload(action: 'voucher' | 'close', voucher: SignedVoucher): object {
  const { channelId, cumulative, signature } = voucher;
  return { action, channelId, cumulativeAmount: cumulative.toString(), signature };
}

/** @param first the voucher of zero that the draft wants from the start */
export function openPayload(deposit: SignedDeposit, first: SignedVoucher): object {
  return {
    action: 'open',
    type: 'authorization',
    channelId: first.channelId,
    authorization: deposit.authorization,
    signature: deposit.signature,
    cumulativeAmount: first.cumulative.toString(),
    voucherSignature: first.signature,
    salt: deposit.salt,
  };
}

/** @param additional base units; equal to the authorization's value */
export function topUpPayload(channelId: Hex, deposit: SignedDeposit): object {
  return {
    action: 'topUp',
    type: 'authorization',
    channelId,
    salt: deposit.salt,
    authorization: deposit.authorization,
    signature: deposit.signature,
    additionalDeposit: deposit.authorization.value,
  };
}
