import {
  decodeFunctionResult,
  encodeFunctionData,
  parseEventLogs,
  type Log,
  type ParseEventLogsReturnType,
} from 'viem';
import { fromHex, type Hex, lower, toHex } from '../core/bytes.ts';
import type { Authorization } from '../protocol/money/authorization.ts';
import { splitSignature } from '../protocol/money/signature.ts';
import type { ChannelParts, Voucher } from '../protocol/money/voucher.ts';
import type { Call } from './call.ts';
import type { At, ChainReader } from './chain-reader.ts';
import { paymentChannelAbi as abi } from './generated/payment-channel-abi.ts';

/** A channel as the contract has it (rule K1). Addresses in lower case, amounts in base units, times in Unix seconds. */
export interface ChannelState {
  readonly payer: Hex;
  readonly payee: Hex;
  readonly token: Hex;
  /** The zero address: the payer signs. */
  readonly authorizedSigner: Hex;
  readonly deposit: bigint;
  readonly settled: bigint;
  /** Null: no close is pending. */
  readonly closeRequestedAt: number | null;
  readonly finalized: boolean;
}

/** A voucher and its 65-byte signature. */
export interface SignedVoucher extends Voucher {
  readonly signature: Hex;
}

export type ChannelEvent = ParseEventLogsReturnType<typeof abi, undefined, true>[number];

/** Our account opens a channel of its own; the contract must be approved for `deposit`. */
export function openCall(contract: Hex, parts: Omit<ChannelParts, 'payer'>, deposit: bigint): Call {
  const args = [parts.payee, parts.token, deposit, parts.salt, parts.authorizedSigner] as const;
  return { to: contract, data: encodeFunctionData({ abi, functionName: 'open', args }) };
}

/** Anybody opens the payer's channel by its EIP-3009 authorization, whose nonce is `openNonce(parts)`. */
export function openWithAuthorizationCall(
  contract: Hex,
  parts: ChannelParts,
  { value, validAfter, validBefore, nonce }: Authorization,
  signature: Hex,
): Call {
  const { payer, payee, token, salt, authorizedSigner } = parts;
  const channel = [payee, token, value, salt, authorizedSigner] as const;
  const args = [...channel, payer, validAfter, validBefore, nonce, signature] as const;
  return { to: contract, data: encodeFunctionData({ abi, functionName: 'openWithAuthorization', args }) };
}

export function topUpCall(contract: Hex, channelId: Hex, additionalDeposit: bigint): Call {
  const args = [channelId, additionalDeposit] as const;
  return { to: contract, data: encodeFunctionData({ abi, functionName: 'topUp', args }) };
}

/** Anybody tops up by an EIP-3009 authorization, whose nonce is `topUpNonce(…)` with this salt. */
export function topUpWithAuthorizationCall(
  contract: Hex,
  channelId: Hex,
  topUpSalt: Hex,
  { from, value, validAfter, validBefore, nonce }: Authorization,
  signature: Hex,
): Call {
  const args = [channelId, value, from, topUpSalt, validAfter, validBefore, nonce, signature] as const;
  return { to: contract, data: encodeFunctionData({ abi, functionName: 'topUpWithAuthorization', args }) };
}

export function settleCall(contract: Hex, { channelId, cumulativeAmount, signature }: SignedVoucher): Call {
  const args = [channelId, cumulativeAmount, signature] as const;
  return { to: contract, data: encodeFunctionData({ abi, functionName: 'settle', args }) };
}

/** Rows that fail are left out and named by `VoucherSkipped` (rule K4). */
export function settleManyCall(contract: Hex, token: Hex, vouchers: readonly SignedVoucher[]): Call {
  const rows = vouchers.map(({ channelId, cumulativeAmount, signature }) => ({
    channelId,
    cumulativeAmount,
    ...vrs(signature),
  }));
  return { to: contract, data: encodeFunctionData({ abi, functionName: 'settleMany', args: [token, rows] }) };
}

/** @param voucher its signature may be `0x` where its amount is settled already (rule K6) */
export function closeCall(contract: Hex, { channelId, cumulativeAmount, signature }: SignedVoucher): Call {
  const args = [channelId, cumulativeAmount, signature] as const;
  return { to: contract, data: encodeFunctionData({ abi, functionName: 'close', args }) };
}

export function requestCloseCall(contract: Hex, channelId: Hex): Call {
  return { to: contract, data: encodeFunctionData({ abi, functionName: 'requestClose', args: [channelId] }) };
}

/** Anybody submits a payer's signed request to close (rule K7). */
export function requestCloseWithAuthorizationCall(
  contract: Hex,
  { channelId, deadline }: { readonly channelId: Hex; readonly deadline: bigint },
  signature: Hex,
): Call {
  const args = [channelId, deadline, signature] as const;
  return {
    to: contract,
    data: encodeFunctionData({ abi, functionName: 'requestCloseWithAuthorization', args }),
  };
}

export function withdrawCall(contract: Hex, channelId: Hex): Call {
  return { to: contract, data: encodeFunctionData({ abi, functionName: 'withdraw', args: [channelId] }) };
}

/** Anybody sends the rest to the payer once the grace period is over (rule K7). */
export function withdrawForCall(contract: Hex, channelId: Hex): Call {
  return { to: contract, data: encodeFunctionData({ abi, functionName: 'withdrawFor', args: [channelId] }) };
}

/** Undefined for a channel that never was. */
export async function readChannel(
  chain: ChainReader,
  contract: Hex,
  channelId: Hex,
  at: At = 'newest',
): Promise<ChannelState | undefined> {
  const functionName = 'getChannel';
  const data = encodeFunctionData({ abi, functionName, args: [channelId] });
  const found = decodeFunctionResult({
    abi,
    functionName,
    data: await chain.read({ to: contract, data }, at),
  });
  if (found.deposit === 0n) return undefined;
  return {
    payer: lower(found.payer),
    payee: lower(found.payee),
    token: lower(found.token),
    authorizedSigner: lower(found.authorizedSigner),
    deposit: found.deposit,
    settled: found.settled,
    closeRequestedAt: found.closeRequestedAt === 0n ? null : Number(found.closeRequestedAt),
    finalized: found.finalized,
  };
}

/** How often a close of this channel was cancelled: part of the next signed request to close. */
export async function readClosesCancelled(
  chain: ChainReader,
  contract: Hex,
  channelId: Hex,
): Promise<number> {
  const functionName = 'closesCancelled';
  const data = encodeFunctionData({ abi, functionName, args: [channelId] });
  return decodeFunctionResult({ abi, functionName, data: await chain.read({ to: contract, data }) });
}

/** Seconds between a request to close and the withdrawal. The draft asks for 600 at least. */
export async function readGracePeriod(chain: ChainReader, contract: Hex): Promise<number> {
  const functionName = 'CLOSE_GRACE_PERIOD';
  const data = encodeFunctionData({ abi, functionName });
  return Number(decodeFunctionResult({ abi, functionName, data: await chain.read({ to: contract, data }) }));
}

/** Events that change what a channel is. `VoucherSkipped` changes nothing, and anybody can have it said of any id. */
const changes = abi.filter((entry) => entry.type === 'event').filter(isChange);

function isChange<T extends { name: string }>(
  event: T,
): event is Exclude<T, { name: 'VoucherSkipped' | 'EIP712DomainChanged' }> {
  return event.name !== 'VoucherSkipped' && event.name !== 'EIP712DomainChanged';
}

/** What changed channels in some blocks, both ends included. */
export async function readChannelChanges(
  chain: ChainReader,
  contract: Hex,
  fromBlock: bigint,
  toBlock: bigint,
) {
  const logs = await chain.logs(contract, changes, fromBlock, toBlock);
  return parseEventLogs({ abi: changes, logs });
}

/** The channel's events among logs, those of a sent transaction for example. */
export function channelEvents(logs: readonly Log[]): ChannelEvent[] {
  return parseEventLogs({ abi, logs: [...logs] });
}

/** A 65-byte signature in the parts that batches take. @throws CodedError `signature_malformed` */
export function vrs(signature: Hex): { v: number; r: Hex; s: Hex } {
  splitSignature(signature);
  const bytes = fromHex(signature);
  return { v: bytes[64] as number, r: toHex(bytes.slice(0, 32)), s: toHex(bytes.slice(32, 64)) };
}
