import {
  channelEvents,
  closeCall,
  openWithAuthorizationCall,
  readChannel,
  readChannelChanges,
  topUpWithAuthorizationCall,
} from '../../../chain/channel.ts';
import type { Call } from '../../../chain/call.ts';
import type { Confirmed, SendOptions } from '../../../chain/chain-account.ts';
import type { ChainClient } from '../../../chain/chain-client.ts';
import { mintCall } from '../../../chain/dollar.ts';
import type { Clock } from '../../../core/clock.ts';
import { CodedError } from '../../../core/errors.ts';
import { NO_SIGNER } from '../../../protocol/money/voucher.ts';
import type { ChainPort, Mined } from '../../payments/chain-port.ts';
import type { PaymentTerms } from '../../payments/payment-terms.ts';

type Contracts = Pick<PaymentTerms, 'escrow' | 'relay' | 'token'>;

/** What says nothing against a transaction: the same again may well be mined. */
const PASSING: Readonly<Record<string, string>> = {
  transaction_unconfirmed: 'The chain has not confirmed a transaction in time; it may still do.',
  chain_refused: 'The chain takes no transaction of this relay just now.',
};

/** The chain as the payments need it, on a real one. */
export function createEvmChannels(
  chain: ChainClient,
  { escrow, relay, token }: Contracts,
  clock: Clock,
): ChainPort {
  async function send(call: Call, options?: SendOptions): Promise<Mined> {
    try {
      return minedOf(await chain.send(call, options));
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      const message = PASSING[error.code];
      throw message === undefined ? error : new CodedError('chain_slow', message, error.data, error);
    }
  }
  /** What the contract does once at most: again, it is waited for where it is under way. */
  const sendOnce = (call: Call, options?: SendOptions): Promise<Mined> =>
    send(call, { ...options, join: true });

  return {
    async head() {
      const { ageMs, block } = await chain.sight();
      return { number: Number(block), at: clock.now() - ageMs };
    },
    async channel(id, block) {
      const found = await readChannel(chain, escrow, id, BigInt(block));
      if (!found) return undefined;
      const { authorizedSigner, closeRequestedAt, ...rest } = found;
      const signer = authorizedSigner === NO_SIGNER ? found.payer : authorizedSigner;
      return { ...rest, channel: id, signer, closeRequestedAt: closeRequestedAt ?? 0 };
    },
    async changes(from, to) {
      const events = await readChannelChanges(chain, escrow, BigInt(from), BigInt(to));
      return events.map(({ args, blockHash, blockNumber, logIndex }) => ({
        channel: args.channelId,
        block: Number(blockNumber),
        mark: `${blockHash}/${logIndex}`,
      }));
    },
    open({ authorization, authorizedSigner, salt, signature }) {
      const parts = { payer: authorization.from, payee: relay, token, salt, authorizedSigner };
      return sendOnce(openWithAuthorizationCall(escrow, parts, authorization, signature));
    },
    topUp: ({ authorization, channel, salt, signature }) =>
      sendOnce(topUpWithAuthorizationCall(escrow, channel, salt, authorization, signature)),
    async depositsOf(hash) {
      const mined = await chain.minedBy(hash);
      if (!mined) return undefined;
      const logs = mined.logs.filter(({ address }) => address.toLowerCase() === escrow);
      const deposits = channelEvents(logs).flatMap(({ args, eventName }) => {
        if (eventName === 'ChannelOpened')
          return [{ channel: args.channelId, isOpening: true, amount: args.deposit }];
        if (eventName === 'ToppedUp')
          return [{ channel: args.channelId, isOpening: false, amount: args.additionalDeposit }];
        return [];
      });
      return { block: Number(mined.block), deposits };
    },
    close({ channel, cumulative, nonce, signature }, sent) {
      const call = closeCall(escrow, { channelId: channel, cumulativeAmount: cumulative, signature });
      return sendOnce(call, { sent, nonce: nonce ?? undefined });
    },
    isSpent: (nonce, block) => chain.isSpent(nonce, BigInt(block)),
    mint: (to, amount) => send(mintCall(token, to, amount)),
  };
}

function minedOf({ block, hash }: Confirmed): Mined {
  return { hash, block: Number(block) };
}
