import {
  decodeFunctionResult,
  encodeFunctionData,
  parseEventLogs,
  type Log,
  type ParseEventLogsReturnType,
} from 'viem';
import { type Hex, lower } from '../core/bytes.ts';
import type { Payout, PayoutTo } from '../protocol/money/payout.ts';
import type { Call } from './call.ts';
import type { At, ChainReader } from './chain-reader.ts';
import { vrs } from './channel.ts';
import { readDollars } from './dollar.ts';
import { payoutHubAbi as abi } from './generated/payout-hub-abi.ts';

/** A payout and the hub signer's 65-byte signature. */
export interface SignedPayout extends Payout {
  readonly signature: Hex;
}

/** A payee's instruction with its signature, and what the submitter wants of `maxFee`. */
export interface SignedPayoutTo extends Omit<PayoutTo, 'payee'> {
  readonly payout: SignedPayout;
  readonly fee: bigint;
  readonly signature: Hex;
}

export type HubEvent = ParseEventLogsReturnType<typeof abi, undefined, true>[number];

/** Rows that fail are left out and named by `PayoutSkipped` (rule K10). */
export function redeemCall(hub: Hex, payouts: readonly SignedPayout[]): Call {
  return { to: hub, data: encodeFunctionData({ abi, functionName: 'redeem', args: [payouts.map(row)] }) };
}

export function redeemToCall(hub: Hex, instructions: readonly SignedPayoutTo[]): Call {
  const rows = instructions.map(({ payout, signature, ...rest }) => ({
    payout: row(payout),
    ...rest,
    ...vrs(signature),
  }));
  return { to: hub, data: encodeFunctionData({ abi, functionName: 'redeemTo', args: [rows] }) };
}

/** The hub must be approved for `amount`; a plain transfer of the token to it does the same. */
export function depositCall(hub: Hex, amount: bigint): Call {
  return { to: hub, data: encodeFunctionData({ abi, functionName: 'deposit', args: [amount] }) };
}

/** The owner's. */
export function withdrawFundsCall(hub: Hex, to: Hex, amount: bigint): Call {
  return { to: hub, data: encodeFunctionData({ abi, functionName: 'withdraw', args: [to, amount] }) };
}

/** What a payee has got so far, in base units. */
export async function readPaid(chain: ChainReader, hub: Hex, payee: Hex, at: At = 'newest'): Promise<bigint> {
  const functionName = 'paid';
  const data = encodeFunctionData({ abi, functionName, args: [payee] });
  return decodeFunctionResult({ abi, functionName, data: await chain.read({ to: hub, data }, at) });
}

/** How many instructions of a payee were carried out: the `nonce` of its next one. */
export async function readPayoutNonce(chain: ChainReader, hub: Hex, payee: Hex): Promise<bigint> {
  const functionName = 'nonces';
  const data = encodeFunctionData({ abi, functionName, args: [payee] });
  return decodeFunctionResult({ abi, functionName, data: await chain.read({ to: hub, data }) });
}

/** What a hub is: parts and id as the contract has them. */
export async function readHub(
  chain: ChainReader,
  hub: Hex,
): Promise<{ token: Hex; owner: Hex; signer: Hex; hubId: Hex }> {
  const [token, owner, signer, hubId] = await Promise.all(
    (['token', 'owner', 'signer', 'hubId'] as const).map(async (functionName) => {
      const data = await chain.read({ to: hub, data: encodeFunctionData({ abi, functionName }) });
      return lower(decodeFunctionResult({ abi, functionName, data }));
    }),
  );
  return { token, owner, signer, hubId } as { token: Hex; owner: Hex; signer: Hex; hubId: Hex };
}

/** What the hub can pay out now, in base units of its token. */
export async function readAvailable(chain: ChainReader, token: Hex, hub: Hex): Promise<bigint> {
  return readDollars(chain, token, hub);
}

/** The hub's events among logs, those of a sent transaction for example. */
export function hubEvents(logs: readonly Log[]): HubEvent[] {
  return parseEventLogs({ abi, logs: [...logs] });
}

function row({ payee, cumulativeAmount, signature }: SignedPayout) {
  return { payee, cumulativeAmount, ...vrs(signature) };
}
