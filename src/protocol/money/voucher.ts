import { keccak_256 } from '@noble/hashes/sha3.js';
import { concat, type Hex, toHex } from '../../core/bytes.ts';
import { digester, type Domain, type TypedStruct, word } from './typed-data.ts';

/** Where a contract lives: what its signatures are bound to. */
export interface ContractPlace {
  readonly chainId: number;
  readonly contract: Hex;
}

/** What a channel is named by (rule K1). Addresses in any case. */
export interface ChannelParts {
  readonly payer: Hex;
  readonly payee: Hex;
  readonly token: Hex;
  /** Random, another one for each channel. */
  readonly salt: Hex;
  /** Who signs vouchers; the zero address for the payer itself. */
  readonly authorizedSigner: Hex;
}

/** A voucher's values: how much the payee may have drawn in all, in base units of the channel's token. */
export interface Voucher {
  readonly channelId: Hex;
  readonly cumulativeAmount: bigint;
}

/** A payer's request to close, for somebody else to submit (rule K7). */
export interface CloseRequest {
  readonly channelId: Hex;
  /** How often a close of this channel was cancelled so far, as the contract says. */
  readonly cancelled: number;
  /** Unix seconds. */
  readonly deadline: bigint;
}

export const NO_SIGNER: Hex = '0x0000000000000000000000000000000000000000';

const voucherFields = { channelId: 'bytes32', cumulativeAmount: 'uint128' } as const;
const closeRequestFields = { channelId: 'bytes32', cancelled: 'uint256', deadline: 'uint256' } as const;

export const VOUCHER: TypedStruct<typeof voucherFields> = { name: 'Voucher', fields: voucherFields };
export const CLOSE_REQUEST: TypedStruct<typeof closeRequestFields> = {
  name: 'CloseRequest',
  fields: closeRequestFields,
};

/** The domain of vouchers and close requests, by the published draft (rule K2). */
export function channelDomain({ chainId, contract }: ContractPlace): Domain {
  return {
    name: 'EVM Payment Channel',
    version: '1',
    chainId: BigInt(chainId),
    verifyingContract: contract,
  };
}

/** Made once for a contract, used for each voucher. */
export function voucherDigester(place: ContractPlace): (voucher: Voucher) => Hex {
  return digester(channelDomain(place), VOUCHER);
}

export function closeRequestDigester(place: ContractPlace): (request: CloseRequest) => Hex {
  return digester(channelDomain(place), CLOSE_REQUEST);
}

export function channelIdOf(
  { payer, payee, token, salt, authorizedSigner }: ChannelParts,
  place: ContractPlace,
): Hex {
  return toHex(
    keccak_256(
      concat(
        word('address', payer),
        word('address', payee),
        word('address', token),
        word('bytes32', salt),
        word('address', authorizedSigner),
        word('address', place.contract),
        word('uint256', place.chainId),
      ),
    ),
  );
}
