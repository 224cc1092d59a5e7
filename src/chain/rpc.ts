import { createPublicClient, defineChain, http, type PublicClient } from 'viem';
import { chainError } from './chain-errors.ts';

export interface RpcOptions {
  readonly rpcUrl: string;
  readonly chainId: number;
}

/** A node's answers as viem reads them. Nothing is asked yet, and nothing is kept: each question goes to the node. */
export function openRpc({ chainId, rpcUrl }: RpcOptions): PublicClient {
  const chain = defineChain({
    id: chainId,
    name: `chain ${chainId}`,
    nativeCurrency: { name: 'gas', symbol: 'GAS', decimals: 18 },
    rpcUrls: { default: { http: [rpcUrl] } },
  });
  return createPublicClient({
    chain,
    transport: http(rpcUrl, { retryCount: 2, timeout: 10_000 }),
    cacheTime: 0,
  });
}

/** @throws CodedError the request's failure under the project's codes: see `chainError` */
export async function ask<T>(request: () => Promise<T>): Promise<T> {
  try {
    return await request();
  } catch (error) {
    throw chainError(error);
  }
}
