import { secp256k1 } from '@noble/curves/secp256k1.js';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { concat, fromHex, type Hex, toHex } from '../../core/bytes.ts';
import { CodedError } from '../../core/errors.ts';

/** Recovers the signer of a digest. The relay hands in a native one; this module's is the portable default. */
export type Recover = (digest: Hex, signature: Hex) => Hex;

/** Half the order of secp256k1: a signature's s above it is malleable and refused everywhere (rule R3). */
const HALF_ORDER = secp256k1.Point.CURVE().n >> 1n;

export function publicKeyAddress(uncompressed: Uint8Array): Hex {
  return toHex(keccak_256(uncompressed.slice(1)).slice(12));
}

export function addressOf(privateKey: Uint8Array): Hex {
  return publicKeyAddress(secp256k1.getPublicKey(privateKey, false));
}

/** 65 bytes r, s, v with v of 27 or 28 and a low s. */
export function signDigest(digest: Hex, privateKey: Uint8Array): Hex {
  const signature = secp256k1.sign(fromHex(digest), privateKey, { prehash: false, format: 'recovered' });
  return toHex(concat(signature.slice(1), new Uint8Array([27 + (signature[0] as number)])));
}

/** r, s and the recovery bit of a well-formed signature. @throws CodedError `signature_malformed` */
export function splitSignature(signature: Hex): { compact: Uint8Array; recovery: number } {
  const bytes = fromHex(signature);
  const recovery = (bytes[64] ?? 0) - 27;
  if (bytes.length !== 65 || (recovery !== 0 && recovery !== 1)) {
    throw new CodedError('signature_malformed', 'A signature must be 65 bytes with v of 27 or 28.');
  }
  if (BigInt(toHex(bytes.slice(32, 64))) > HALF_ORDER) {
    throw new CodedError('signature_malformed', 'A signature must have a low s.');
  }
  return { compact: bytes.slice(0, 64), recovery };
}

/** @throws CodedError `signature_malformed` also where no key fits. */
export const recoverAddress: Recover = (digest, signature) => {
  const { compact, recovery } = splitSignature(signature);
  try {
    const point = secp256k1.Signature.fromBytes(compact)
      .addRecoveryBit(recovery)
      .recoverPublicKey(fromHex(digest));
    return publicKeyAddress(point.toBytes(false));
  } catch (cause) {
    throw new CodedError('signature_malformed', 'No key fits a signature.', undefined, cause);
  }
};
