import type { Hex } from '../core/bytes.ts';
import {
  type Authorization,
  openNonce,
  RECEIVE_WITH_AUTHORIZATION,
  topUpNonce,
} from '../protocol/money/authorization.ts';
import type { Domain, Struct, TypedStruct, ValuesOf } from '../protocol/money/typed-data.ts';
import type { ChannelParts } from '../protocol/money/voucher.ts';

/** How long an authorization holds: the contract's place, and the latest time in Unix seconds. */
export interface AuthorizationTerms {
  readonly contract: Hex;
  readonly value: bigint;
  /** At most ten minutes from now: what is signed and not submitted should die soon. */
  readonly validBefore: bigint;
}

/** What a payer signs so that anybody can open this channel for it (rule K5). */
export function openAuthorization(
  parts: ChannelParts,
  { contract, value, validBefore }: AuthorizationTerms,
): Authorization {
  return { from: parts.payer, to: contract, value, validAfter: 0n, validBefore, nonce: openNonce(parts) };
}

/** What `from` signs so that anybody can top up this channel with its money (rule K5). */
export function topUpAuthorization(
  channelId: Hex,
  { from, salt }: { readonly from: Hex; readonly salt: Hex },
  { contract, value, validBefore }: AuthorizationTerms,
): Authorization {
  const nonce = topUpNonce(channelId, value, { from, salt });
  return { from, to: contract, value, validAfter: 0n, validBefore, nonce };
}

/** What `eth_signTypedData_v4` takes, and viem's `signTypedData`. */
export interface WalletTypedData {
  readonly domain: Domain;
  readonly types: Readonly<Record<string, readonly { readonly name: string; readonly type: string }[]>>;
  readonly primaryType: string;
  readonly message: Readonly<Record<string, unknown>>;
}

/** A statement in the form that wallets sign (`eth_signTypedData_v4`). */
export function walletTypedData<S extends Struct>(
  domain: Domain,
  { name, fields }: TypedStruct<S>,
  values: ValuesOf<S>,
): WalletTypedData {
  return {
    domain,
    types: { [name]: Object.entries(fields).map(([field, type]) => ({ name: field, type })) },
    primaryType: name,
    message: { ...values },
  };
}

/** @param token the token's EIP-712 domain */
export function authorizationTypedData(token: Domain, authorization: Authorization): WalletTypedData {
  return walletTypedData(token, RECEIVE_WITH_AUTHORIZATION, { ...authorization });
}
