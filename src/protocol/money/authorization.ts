import { keccak_256 } from '@noble/hashes/sha3.js';
import { concat, type Hex, toHex } from '../../core/bytes.ts';
import { digester, type Domain, type TypedStruct, word } from './typed-data.ts';
import type { ChannelParts } from './voucher.ts';

/** What an EIP-3009 authorization says: `value` base units may move once, within its time. */
export interface Authorization {
  readonly from: Hex;
  readonly to: Hex;
  readonly value: bigint;
  /** Unix seconds; the chain's time must be greater. */
  readonly validAfter: bigint;
  /** Unix seconds; the chain's time must be less. */
  readonly validBefore: bigint;
  readonly nonce: Hex;
}

const fields = {
  from: 'address',
  to: 'address',
  value: 'uint256',
  validAfter: 'uint256',
  validBefore: 'uint256',
  nonce: 'bytes32',
} as const;

/** To be submitted by `to` only: what opens channels. */
export const RECEIVE_WITH_AUTHORIZATION: TypedStruct<typeof fields> = {
  name: 'ReceiveWithAuthorization',
  fields,
};
/** To be submitted by anybody: what x402 pays by. */
export const TRANSFER_WITH_AUTHORIZATION: TypedStruct<typeof fields> = {
  name: 'TransferWithAuthorization',
  fields,
};

/** @param token the token's EIP-712 domain */
export function receiveDigester(token: Domain): (authorization: Authorization) => Hex {
  return digester(token, RECEIVE_WITH_AUTHORIZATION);
}

export function transferDigester(token: Domain): (authorization: Authorization) => Hex {
  return digester(token, TRANSFER_WITH_AUTHORIZATION);
}

/** The nonce that binds an authorization to the channel that it opens (rule K5). */
export function openNonce({ payer, payee, token, salt, authorizedSigner }: ChannelParts): Hex {
  return toHex(
    keccak_256(
      concat(
        word('address', payer),
        word('address', payee),
        word('address', token),
        word('bytes32', salt),
        word('address', authorizedSigner),
      ),
    ),
  );
}

/** The nonce that binds an authorization to the channel that it tops up, once for each salt (rule K5). */
export function topUpNonce(
  channelId: Hex,
  additionalDeposit: bigint,
  { from, salt }: { from: Hex; salt: Hex },
): Hex {
  return toHex(
    keccak_256(
      concat(
        word('bytes32', channelId),
        word('uint128', additionalDeposit),
        word('address', from),
        word('bytes32', salt),
      ),
    ),
  );
}
