import { readChannel, settleManyCall } from '../../../chain/channel.ts';
import type { Call } from '../../../chain/call.ts';
import type { ChainClient } from '../../../chain/chain-client.ts';
import { readDollars, transferCall } from '../../../chain/dollar.ts';
import { readPaid, redeemCall } from '../../../chain/hub.ts';
import type { Outgoing } from '../../../chain/outbox.ts';
import type { Clock } from '../../../core/clock.ts';
import { CodedError } from '../../../core/errors.ts';
import { NO_FUNDS } from '../../payments/chain-port.ts';
import { askAgain, runSome } from '../../payments/asking.ts';
import type { PaymentTerms } from '../../payments/payment-terms.ts';
import type { Sent, SettlementAt, SettlementChain } from '../../settlement/settlement-chain.ts';

type Contracts = Pick<PaymentTerms, 'escrow' | 'hub' | 'relay' | 'token'>;

/** The chain as settlement needs it, on a real one. */
export function createEvmSettlement(
  chain: ChainClient,
  { escrow, hub, relay, token }: Contracts,
  clock: Clock,
): SettlementChain {
  /** What was sent, and whose end was not seen. */
  let outstanding: Outgoing | undefined;
  /** The block of the last one that was confirmed: a node that lags behind it would say that it did nothing. */
  let reached = 0n;

  async function confirm(outgoing: Outgoing): Promise<Sent> {
    outstanding = outgoing;
    try {
      const { block, hash } = await chain.confirm(outgoing);
      reached = block;
      outstanding = undefined;
      return { transaction: hash };
    } catch (error) {
      if (!hasCode(error, 'transaction_unconfirmed')) outstanding = undefined;
      throw error;
    }
  }

  const send = async (call: Call): Promise<Sent> => confirm(await chain.submit(call));

  async function blockAt(at: SettlementAt): Promise<bigint> {
    const block = await (at === 'newest' ? chain.newestBlock() : chain.confirmedBlock());
    return block > reached ? block : reached;
  }

  /** All of one block. What one node behind the address refuses, the next may know. */
  async function readEach<T, R>(
    items: readonly T[],
    at: SettlementAt,
    read: (item: T, block: bigint) => Promise<R>,
  ): Promise<R[]> {
    const block = await blockAt(at);
    const found: R[] = [];
    const errors = await runSome(items.entries(), async ([index, item]) => {
      found[index] = await askAgain(clock, () => read(item, block));
    });
    if (errors.length > 0) throw errors[0] as Error;
    return found;
  }

  async function readNewest(read: (block: bigint) => Promise<bigint>): Promise<bigint> {
    const block = await blockAt('newest');
    return askAgain(clock, () => read(block));
  }

  return {
    gasPrice: () => chain.gasPrice(),
    balance: () => readNewest((block) => readDollars(chain, token, relay, block)),
    hubBalance: () => readNewest((block) => readDollars(chain, token, hub, block)),
    fundsOf: (channels, at) =>
      readEach(
        channels,
        at,
        async (channel, block) => (await readChannel(chain, escrow, channel, block)) ?? NO_FUNDS,
      ),
    paidOf: (payees, at) => readEach(payees, at, (payee, block) => readPaid(chain, hub, payee, block)),
    async finish() {
      if (!outstanding) return;
      try {
        await confirm(outstanding);
      } catch (error) {
        // It ended without an effect: what it was for is still to be done, and will be looked for.
        if (!hasCode(error, 'transaction_reverted') && !hasCode(error, 'transaction_replaced')) throw error;
      }
    },
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

function hasCode(error: unknown, code: string): boolean {
  return error instanceof CodedError && error.code === code;
}
