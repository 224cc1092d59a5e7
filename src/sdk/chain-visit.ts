import type { Call } from '../chain/call.ts';
import type { Confirmed } from '../chain/chain-account.ts';
import { ChainClient } from '../chain/chain-client.ts';
import { billGas, checkBill } from '../chain/gas-bill.ts';
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
    clock: systemClock,
    ...(gasKey === undefined ? {} : { privateKey: gasKey }),
  });
  await chain.checkChain();
  return chain;
}

/** Sends one call. @throws CodedError as `ChainClient.send`, `gas_missing` {account, balance, needed, wei} */
export async function sendCall(chain: ChainClient, call: Call): Promise<Confirmed> {
  checkBill(await billGas(chain, await chain.simulate(call)));
  return chain.send(call);
}
