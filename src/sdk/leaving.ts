import type { Call } from '../chain/call.ts';
import {
  readChannel,
  readClosesCancelled,
  readGracePeriod,
  requestCloseWithAuthorizationCall,
  withdrawForCall,
} from '../chain/channel.ts';
import type { Hex } from '../core/bytes.ts';
import { CodedError } from '../core/errors.ts';
import { CLOSE_REQUEST, channelDomain } from '../protocol/money/voucher.ts';
import { parseRecord } from './channel-record.ts';
import { visitChain } from './chain-visit.ts';
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
  /** What is to be sent next, by anybody. */
  | { readonly step: 'unsent'; readonly call: OpenCall }
  | { readonly step: 'left'; readonly settled: bigint; readonly refunded: bigint };

/** A signed request is good for this long. */
const REQUEST_SECONDS = 24n * 3_600n;

/**
 * Takes the rest of a deposit back without the relay, for one that is gone (rule K7): asks the escrow to close, and once
 * the grace period is over has it paid out. Each call does the next step; call it again until it says `left`.
 * @throws CodedError `state_malformed`, `channel_unknown`, `wallet_refused`, and those of the chain
 */
export async function leaveChannel({ state, wallet, rpcUrl, gasKey }: LeavingOptions): Promise<Leaving> {
  const { chainId, channelId, escrow } = parseRecord(state);
  const chain = await visitChain({ rpcUrl, chainId, gasKey });
  const grace = await readGracePeriod(chain, escrow);
  const { time: now } = await chain.sight();
  const found = await readChannel(chain, escrow, channelId);
  if (!found) throw new CodedError('channel_unknown', 'The escrow knows no such channel.', { channelId });
  const { closeRequestedAt, deposit, finalized, payer, settled } = found;
  if (payer !== accountOf(wallet)) {
    const message = `This channel is ${payer}'s, and the wallet that of ${accountOf(wallet)}: take the one that opened it.`;
    throw new CodedError('wallet_refused', message, { payer, wallet: accountOf(wallet) });
  }
  if (finalized) return { step: 'left', settled, refunded: deposit - settled };

  const call =
    closeRequestedAt === null
      ? await signedRequest()
      : closeRequestedAt + grace <= now
        ? withdrawForCall(escrow, channelId)
        : undefined;
  if (!call) return { step: 'waiting', withdrawableAt: (closeRequestedAt ?? now) + grace };
  if (gasKey === undefined) return { step: 'unsent', call: { chainId, ...call } };
  await chain.send(call);
  const after = await readChannel(chain, escrow, channelId);
  if (after?.finalized) return { step: 'left', settled: after.settled, refunded: deposit - after.settled };
  return { step: 'waiting', withdrawableAt: (after?.closeRequestedAt ?? now) + grace };

  async function signedRequest(): Promise<Call> {
    const cancelled = await readClosesCancelled(chain, escrow, channelId);
    const request = { channelId, cancelled, deadline: BigInt(now) + REQUEST_SECONDS };
    const domain = channelDomain({ chainId, contract: escrow });
    const signature = await signStruct(wallet, domain, CLOSE_REQUEST, request);
    return requestCloseWithAuthorizationCall(escrow, request, signature);
  }
}
