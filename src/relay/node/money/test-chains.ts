import { CodedError } from '../../../core/errors.ts';

/** Chains on which no money is meant: local ones, and the public test networks of Ethereum, Base, Arbitrum, Optimism. */
const TEST_CHAINS: ReadonlySet<number> = new Set([1337, 31_337, 11_155_111, 84_532, 421_614, 11_155_420]);

/** The published draft allows no shorter time for a payee to settle; on test chains anything goes. */
export const LEAST_GRACE_SECONDS = 600;

export function isTestChain(chainId: number): boolean {
  return TEST_CHAINS.has(chainId);
}

/** @throws CodedError `faucet_refused` */
export function checkFaucet(chainId: number): void {
  if (isTestChain(chainId)) return;
  throw new CodedError('faucet_refused', `Chain ${chainId} is no test chain: a faucet has no place there.`);
}
