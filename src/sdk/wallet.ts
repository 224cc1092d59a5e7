import { fromHex, type Hex, lower, toHex } from '../core/bytes.ts';
import { CodedError } from '../core/errors.ts';
import { cryptoRandom, type Random } from '../core/random.ts';
import { addressOf, recoverAddress, signDigest } from '../protocol/money/signature.ts';
import {
  digester,
  type Domain,
  type Struct,
  type TypedStruct,
  type ValuesOf,
} from '../protocol/money/typed-data.ts';

/** EIP-712 typed data as wallets take it: `signTypedData` of a viem account fits. */
export interface TypedData {
  readonly domain: {
    readonly name: string;
    readonly version: string;
    readonly chainId?: bigint;
    readonly verifyingContract?: Hex;
  };
  readonly types: Record<string, { readonly name: string; readonly type: string }[]>;
  readonly primaryType: string;
  readonly message: Record<string, unknown>;
}

/** An account that signs. One of the two ways is enough; a digest is taken where both are there. */
export interface Wallet {
  readonly address: Hex;
  signDigest?(digest: Hex): Hex | Promise<Hex>;
  signTypedData?(data: TypedData): Promise<Hex>;
}

/** Its address in lower case, as everything here compares it. */
export function accountOf({ address }: Wallet): Hex {
  return lower(address);
}

/** Wallets of this module, whose signatures need no second look. */
const ours = new WeakSet<Wallet>();

/**
 * A wallet of a private key, which stays in this closure.
 * @param privateKey 32 bytes of hex. @throws CodedError `key_invalid`, which never holds the key
 */
export function keyWallet(privateKey: string): Wallet {
  try {
    const key = fromHex(privateKey.trim());
    const address = addressOf(key);
    const wallet: Wallet = { address, signDigest: (digest) => signDigest(digest, key) };
    ours.add(wallet);
    return wallet;
  } catch {
    throw new CodedError('key_invalid', 'A private key must be 32 bytes of hex, with or without 0x.');
  }
}

/** A fresh private key. */
export function createPrivateKey(random: Random = cryptoRandom): Hex {
  for (;;) {
    const key = toHex(random.bytes(32));
    try {
      keyWallet(key);
      return key;
    } catch {
      // One in 2^128: not below the curve's order.
    }
  }
}

/**
 * Signs one struct under a domain.
 * @throws CodedError `wallet_refused` where the wallet threw, or signed for another address
 */
export async function signStruct<S extends Struct>(
  wallet: Wallet,
  domain: Domain,
  struct: TypedStruct<S>,
  values: ValuesOf<S>,
): Promise<Hex> {
  const digest = digester(domain, struct)(values);
  const signature = await askWallet(wallet, digest, {
    domain,
    types: { [struct.name]: Object.entries(struct.fields).map(([name, type]) => ({ name, type })) },
    primaryType: struct.name,
    message: { ...values },
  });
  if (!ours.has(wallet) && recoverAddress(digest, signature) !== accountOf(wallet)) {
    throw new CodedError('wallet_refused', 'The wallet signed for another address than its own.');
  }
  return signature;
}

async function askWallet(wallet: Wallet, digest: Hex, data: TypedData): Promise<Hex> {
  try {
    if (wallet.signDigest) return lower(await wallet.signDigest(digest));
    if (wallet.signTypedData) return lower(await wallet.signTypedData(data));
  } catch (cause) {
    throw new CodedError('wallet_refused', 'The wallet did not sign.', undefined, cause);
  }
  throw new CodedError('wallet_refused', 'The wallet has neither signDigest nor signTypedData.');
}
