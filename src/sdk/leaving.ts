import type { Call } from '../chain/call.ts';
import {
  channelEvents,
  readChannel,
  readClosesCancelled,
  readGracePeriod,
  requestCloseWithAuthorizationCall,
  withdrawForCall,
} from '../chain/channel.ts';
import { type Coin, readCoin } from '../chain/dollar.ts';
import type { Hex } from '../core/bytes.ts';
import { CodedError } from '../core/errors.ts';
import { CLOSE_REQUEST, channelDomain } from '../protocol/money/voucher.ts';
import { parseRecord } from './channel-record.ts';
import { sendCall, visitChain } from './chain-visit.ts';
import type { OpenCall } from './open-call.ts';
import { accountOf, signStruct, type Wallet } from './wallet.ts';

export interface LeavingOptions {
  /** The channel's state, as `save` was given it last. */
  readonly state: string;
  readonly wallet: Wallet;
  readonly rpcUrl: string;
  /** Whose gas it is: any account's, for only the payer can be paid. Without one nothing is sent. */
  readonly gasKey?: Hex;
}

/** Where a channel's leaving stands. Amounts in base units, times in Unix seconds. */
export type Leaving =
  /** The request is on the chain: come back at that time. */
  | { readonly step: 'waiting'; readonly withdrawableAt: number }
  /** What is to be sent next, by anybody. A signed request does nothing any more from `lapsesAt` on. */
  | { readonly step: 'unsent'; readonly call: OpenCall; readonly lapsesAt?: number }
  | ({ readonly step: 'left'; readonly settled: bigint; readonly refunded: bigint } & Coin);

/** A signed request is good for this long. */
const REQUEST_SECONDS = 24 * 3_600;

/**
 * Takes the rest of a deposit back without the relay, for one that is gone (rule K7): asks the escrow to close, and once
 * the grace period is over has it paid out. Each call does the next step; call it again until it says `left`.
 * @throws CodedError `state_malformed`, `contract_missing`, `channel_unknown`, `wallet_refused`, `gas_missing`, and those
 * of the chain
 */
export async function leaveChannel({ state, wallet, rpcUrl, gasKey }: LeavingOptions): Promise<Leaving> {
  const { chainId, channelId, escrow } = parseRecord(state);
  const chain = await visitChain({ rpcUrl, chainId, gasKey });
  if ((await chain.code(escrow)) === '0x')
    throw new CodedError('contract_missing', `There is no escrow at ${escrow} on chain ${chainId}.`, {
      escrow,
    });
  const grace = await readGracePeriod(chain, escrow);
  const { time: now } = await chain.sight();
  const found = await readChannel(chain, escrow, channelId);
  if (!found) throw new CodedError('channel_unknown', 'The escrow knows no such channel.', { channelId });
  const { closeRequestedAt, deposit, finalized, payer, settled } = found;
  if (payer !== accountOf(wallet)) {
    const message = `This channel is ${payer}'s, and the wallet that of ${accountOf(wallet)}: take the one that opened it.`;
    throw new CodedError('wallet_refused', message, { payer, wallet: accountOf(wallet) });
  }
  const coin = await readCoin(chain, found.token);
  if (finalized) return { step: 'left', settled, refunded: deposit - settled, ...coin };

  const deadline = now + REQUEST_SECONDS;
  if (closeRequestedAt !== null && closeRequestedAt + grace > now)
    return { step: 'waiting', withdrawableAt: closeRequestedAt + grace };
  const isRequest = closeRequestedAt === null;
  const call = isRequest ? await signedRequest() : withdrawForCall(escrow, channelId);
  if (gasKey === undefined)
    return { step: 'unsent', call: { chainId, ...call }, ...(isRequest ? { lapsesAt: deadline } : {}) };
  // What the transaction says: another node of the same address may not have seen its block yet.
  const { hash, logs } = await sendCall(chain, call);
  for (const event of channelEvents(logs)) {
    if (event.address.toLowerCase() !== escrow) continue;
    if (event.eventName === 'CloseRequested')
      return { step: 'waiting', withdrawableAt: Number(event.args.withdrawableAt) };
    if (event.eventName === 'ChannelClosed')
      return { step: 'left', settled: event.args.settled, refunded: event.args.refund, ...coin };
  }
  const message = `The escrow at ${escrow} is none: transaction ${hash} did nothing to the channel.`;
  throw new CodedError('contract_missing', message, { escrow, transaction: hash });

  async function signedRequest(): Promise<Call> {
    const cancelled = await readClosesCancelled(chain, escrow, channelId);
    const request = { channelId, cancelled, deadline: BigInt(deadline) };
    const domain = channelDomain({ chainId, contract: escrow });
    const signature = await signStruct(wallet, domain, CLOSE_REQUEST, request);
    return requestCloseWithAuthorizationCall(escrow, request, signature);
  }
}
