import { ChainClient } from '../chain/chain-client.ts';
import type { Hex } from '../core/bytes.ts';
import { systemClock } from './system-clock.ts';

export interface ChainVisit {
  readonly rpcUrl: string;
  readonly chainId: number;
  /** Whose gas it is. Without one the chain is only read. */
  readonly gasKey: Hex | undefined;
}

/** A chain for one act of somebody whose relay is gone. @throws CodedError `chain_mismatch`, `chain_unreachable` */
export async function visitChain({ chainId, gasKey, rpcUrl }: ChainVisit): Promise<ChainClient> {
  const chain = new ChainClient({
    rpcUrl,
    chainId,
    confirmations: 1,
    blindAfterMs: Number.POSITIVE_INFINITY,
    clock: systemClock,
    ...(gasKey === undefined ? {} : { privateKey: gasKey }),
  });
  await chain.checkChain();
  return chain;
}
