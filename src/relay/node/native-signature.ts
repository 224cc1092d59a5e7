import type { Bindings } from 'secp256k1/bindings.js';
import { type Hex, fromHex } from '../../core/bytes.ts';
import { CodedError } from '../../core/errors.ts';
import {
  publicKeyAddress,
  recoverAddress,
  type Recover,
  splitSignature,
} from '../../protocol/money/signature.ts';

export interface Recovery {
  readonly recover: Recover;
  readonly native: boolean;
}

/**
 * libsecp256k1 where a prebuilt binary fits this machine, else the portable code, some thirty times slower. The
 * package's own default import would make that choice in silence; whoever calls this says which it was.
 */
export async function loadRecovery(): Promise<Recovery> {
  try {
    const { default: bindings } = await import('secp256k1/bindings.js');
    return { recover: recoverWith(bindings), native: true };
  } catch {
    return { recover: recoverAddress, native: false };
  }
}

function recoverWith(bindings: Bindings): Recover {
  return (digest: Hex, signature: Hex) => {
    const { compact, recovery } = splitSignature(signature);
    try {
      return publicKeyAddress(bindings.ecdsaRecover(compact, recovery, fromHex(digest), false));
    } catch (cause) {
      throw new CodedError('signature_malformed', 'No key fits a signature.', undefined, cause);
    }
  };
}
