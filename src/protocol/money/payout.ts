import { keccak_256 } from '@noble/hashes/sha3.js';
import { concat, type Hex, toHex } from '../../core/bytes.ts';
import { recoverAddress } from './signature.ts';
import { digester, type Domain, type TypedStruct, word } from './typed-data.ts';
import type { ContractPlace } from './voucher.ts';

/** What a hub is named by, besides its place (rule K9). */
export interface HubParts {
  readonly token: Hex;
  readonly owner: Hex;
  readonly signer: Hex;
}

/** How much a payee has earned in all, in base units of the hub's token. */
export interface Payout {
  readonly payee: Hex;
  readonly cumulativeAmount: bigint;
}

/** A payee's instruction where its next payout goes and what its submitter may keep (rule K11). */
export interface PayoutTo {
  readonly payee: Hex;
  readonly to: Hex;
  readonly minCumulative: bigint;
  readonly maxFee: bigint;
  /** The hub's `nonces(payee)`. */
  readonly nonce: bigint;
  /** Unix seconds. */
  readonly deadline: bigint;
}

const payoutFields = { hubId: 'bytes32', payee: 'address', cumulativeAmount: 'uint128' } as const;
const payoutToFields = {
  payee: 'address',
  to: 'address',
  minCumulative: 'uint128',
  maxFee: 'uint128',
  nonce: 'uint256',
  deadline: 'uint256',
} as const;

export const PAYOUT: TypedStruct<typeof payoutFields> = { name: 'Payout', fields: payoutFields };
export const PAYOUT_TO: TypedStruct<typeof payoutToFields> = { name: 'PayoutTo', fields: payoutToFields };

export function hubDomain({ chainId, contract }: ContractPlace): Domain {
  return {
    name: 'Afterglow Payout Hub',
    version: '1',
    chainId: BigInt(chainId),
    verifyingContract: contract,
  };
}

export function hubIdOf({ token, owner, signer }: HubParts, place: ContractPlace): Hex {
  return toHex(
    keccak_256(
      concat(
        word('address', token),
        word('address', owner),
        word('address', signer),
        word('address', place.contract),
        word('uint256', place.chainId),
      ),
    ),
  );
}

/** Made once for a hub, used for each payout. */
export function payoutDigester(hubId: Hex, place: ContractPlace): (payout: Payout) => Hex {
  const digest = digester(hubDomain(place), PAYOUT);
  return (payout) => digest({ hubId, ...payout });
}

/**
 * Who signed a payout of this hub.
 * @throws CodedError `signature_malformed`: nobody can have
 */
export function payoutSignerOf(payout: Payout, signature: Hex, hub: HubParts, place: ContractPlace): Hex {
  return recoverAddress(payoutDigester(hubIdOf(hub, place), place)(payout), signature);
}

export function payoutToDigester(place: ContractPlace): (instruction: PayoutTo) => Hex {
  return digester(hubDomain(place), PAYOUT_TO);
}
