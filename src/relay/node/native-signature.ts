import { createRequire } from 'node:module';
import { type Hex, fromHex } from '../../core/bytes.ts';
import { CodedError } from '../../core/errors.ts';
import {
  publicKeyAddress,
  recoverAddress,
  type Recover,
  splitSignature,
} from '../../protocol/money/signature.ts';

interface Bindings {
  ecdsaRecover(signature: Uint8Array, recovery: number, digest: Uint8Array, compressed: boolean): Uint8Array;
}

export interface Recovery {
  readonly recover: Recover;
  readonly native: boolean;
}

/**
 * libsecp256k1 where a prebuilt binary fits this machine, else the portable code, some thirty times slower. The
 * package's own default import would make that choice in silence; whoever calls this says which it was.
 */
export function loadRecovery(): Recovery {
  let bindings: Bindings;
  try {
    bindings = createRequire(import.meta.url)('secp256k1/bindings.js') as Bindings;
  } catch {
    return { recover: recoverAddress, native: false };
  }
  return { recover: (digest, signature) => recoverNatively(bindings, digest, signature), native: true };
}

function recoverNatively(bindings: Bindings, digest: Hex, signature: Hex): Hex {
  const { compact, recovery } = splitSignature(signature);
  try {
    return publicKeyAddress(bindings.ecdsaRecover(compact, recovery, fromHex(digest), false));
  } catch (cause) {
    throw new CodedError('signature_malformed', 'No key fits a signature.', undefined, cause);
  }
}
