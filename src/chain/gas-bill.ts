import type { Hex } from '../core/bytes.ts';
import { CodedError } from '../core/errors.ts';
import type { ChainClient } from './chain-client.ts';

/** What something costs the account that sends it, and what that account has. Wei. */
export interface GasBill {
  readonly account: Hex;
  readonly balanceWei: bigint;
  /** At today's price. */
  readonly wei: bigint;
  /** What the account must have before anything is sent. */
  readonly neededWei: bigint;
}

/** @throws CodedError those of the chain */
export async function billGas(chain: ChainClient, gas: bigint): Promise<GasBill> {
  const account = chain.account as Hex;
  const wei = gas * (await chain.gasPrice());
  // Nodes want what a transaction may cost at most: a quarter more gas than estimated, at a price that may rise.
  return { account, balanceWei: await chain.gasBalance(account), wei, neededWei: (wei * 3n) / 2n };
}

/** @throws CodedError `gas_missing` {account, balance, needed, wei} */
export function checkBill({ account, balanceWei, neededWei, wei }: GasBill): void {
  if (balanceWei >= neededWei) return;
  const message = `The account ${account} has ${balanceWei} wei and needs ${neededWei}, half as much again as the estimate: send it the rest.`;
  const details = { account, balance: `${balanceWei}`, needed: `${neededWei}`, wei: `${wei}` };
  throw new CodedError('gas_missing', message, details);
}
