import type { Hex } from '../core/bytes.ts';
import { CodedError } from '../core/errors.ts';
import { type Authorization, receiveDigester } from '../protocol/money/authorization.ts';
import type { ChainReader } from './chain-reader.ts';
import { receiveWithAuthorizationCall } from './dollar.ts';
import type { Domain } from '../protocol/money/typed-data.ts';

export interface ProbeParts {
  /** The token's EIP-712 domain, as agents would sign under it. */
  readonly domain: Domain;
  readonly escrow: Hex;
  /** An account, and how it signs a digest. */
  readonly account: Hex;
  readonly sign: (digest: Hex) => Hex;
  /** 32 bytes that were never used. */
  readonly nonce: Hex;
}

/** Nodes refuse in passing, for their limits or because they lag. */
const TRIES = 4;

const UNDECIDED =
  'The RPC does not let us see whether the coin takes authorizations: start again later, name another RPC (--rpc-url), or sponsor nothing (--sponsored-per-day 0).';

/** Unix seconds: later than any chain's time. */
const FAR = 2n ** 40n;

/**
 * Whether a token does what agents without gas need (rule H9): in a call that nobody sends, by the escrow, it carries out
 * an authorization of nothing that is well signed, with the signature as bytes, and refuses the same one badly signed.
 * A token without the function refuses both, one that takes any call takes both; what stands behind a proxy answers as itself.
 * @throws CodedError `chain_unreachable`, `chain_refused`: the node answers neither this nor anything else
 */
export async function takesAuthorizations(
  chain: ChainReader,
  token: Hex,
  { account, domain, escrow, nonce, sign }: ProbeParts,
): Promise<boolean> {
  const digestOf = receiveDigester(domain);
  const good: Authorization = {
    from: account,
    to: escrow,
    value: 0n,
    validAfter: 0n,
    validBefore: FAR,
    nonce,
  };
  const other = digestOf({ ...good, value: 1n });
  const isTaken = async (signature: Hex): Promise<boolean> => {
    for (let tries = 0; tries < TRIES; tries++) {
      if (tries > 0) await chain.pause();
      try {
        await chain.read(receiveWithAuthorizationCall(token, good, signature), 'newest', escrow);
        return true;
      } catch (error) {
        const code = error instanceof CodedError ? error.code : undefined;
        if (code === 'transaction_reverted') return false;
        if (code !== 'chain_refused') throw error;
      }
    }
    // Old contracts end a call that they do not know in other ways than by a revert; a node that refuses this too says nothing.
    await chain.read({ to: account, data: '0x' }).catch((cause: unknown) => {
      throw new CodedError('chain_refused', UNDECIDED, { token }, cause);
    });
    return false;
  };
  return (await isTaken(sign(digestOf(good)))) && !(await isTaken(sign(other)));
}
