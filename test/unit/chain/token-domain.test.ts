import { decodeFunctionData, encodeAbiParameters, parseAbi } from 'viem';
import { expect, it } from 'vitest';
import type { Call } from '../../../src/chain/call.ts';
import type { ChainReader } from '../../../src/chain/chain-reader.ts';
import { readTokenDomain } from '../../../src/chain/dollar.ts';
import { CodedError } from '../../../src/core/errors.ts';

const token = `0x${'c0'.repeat(20)}` as const;
const abi = parseAbi(['function name() view returns (string)', 'function version() view returns (string)']);

/** A chain on which a coin like USDC lives: it has a name and a version, and nothing that says its domain. */
const chain = {
  chainId: 8453,
  async read({ data }: Call) {
    try {
      const { functionName } = decodeFunctionData({ abi, data });
      return encodeAbiParameters([{ type: 'string' }], [functionName === 'name' ? 'USD Coin' : '2']);
    } catch {
      throw new CodedError('transaction_reverted', 'The contract refused.');
    }
  },
} as unknown as ChainReader;

it('K5 reads the domain of a coin that does not say it from its name and version', async () => {
  expect(await readTokenDomain(chain, token)).toEqual({
    name: 'USD Coin',
    version: '2',
    chainId: 8453n,
    verifyingContract: token,
  });
});
