import { readChannel, settleManyCall } from '../../../chain/channel.ts';
import type { Call } from '../../../chain/call.ts';
import type { ChainClient } from '../../../chain/chain-client.ts';
import { readDollars, transferCall } from '../../../chain/dollar.ts';
import { readAvailable, readPaid, redeemCall } from '../../../chain/hub.ts';
import { NO_FUNDS } from '../../payments/chain-port.ts';
import type { PaymentTerms } from '../../payments/payment-terms.ts';
import type { Sent, SettlementChain } from '../../settlement/settlement-chain.ts';

type Contracts = Pick<PaymentTerms, 'escrow' | 'hub' | 'relay' | 'token'>;

/** The chain as settlement needs it, on a real one. What it reads is confirmed. */
export function createEvmSettlement(
  chain: ChainClient,
  { escrow, hub, relay, token }: Contracts,
): SettlementChain {
  // Settlement does one thing at a time: the same call again is one whose confirmation it did not live to see.
  const send = async (call: Call): Promise<Sent> => ({
    transaction: (await chain.send(call, { join: true })).hash,
  });

  return {
    gasPrice: () => chain.gasPrice(),
    balance: () => readDollars(chain, token, relay),
    hubBalance: () => readAvailable(chain, token, hub),
    fundsOf: (channels) =>
      Promise.all(
        channels.map(async (id) => (await readChannel(chain, escrow, id, 'confirmed')) ?? NO_FUNDS),
      ),
    paidOf: (payees) => Promise.all(payees.map((payee) => readPaid(chain, hub, payee, 'confirmed'))),
    settle: (claims) =>
      send(
        settleManyCall(
          escrow,
          token,
          claims.map(({ channel, cumulative, signature }) => ({
            channelId: channel,
            cumulativeAmount: cumulative,
            signature,
          })),
        ),
      ),
    fundHub: (amount) => send(transferCall(token, hub, amount)),
    redeem: (claims) =>
      send(
        redeemCall(
          hub,
          claims.map(({ cumulative, payee, signature }) => ({
            payee,
            cumulativeAmount: cumulative,
            signature,
          })),
        ),
      ),
  };
}
