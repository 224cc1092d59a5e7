import type { Hex } from '../../core/bytes.ts';
import { type Clock, sleep } from '../../core/clock.ts';
import { CodedError } from '../../core/errors.ts';
import { type Random, randomId } from '../../core/random.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { ChannelRow } from '../ledger/state.ts';
import type { ChainPort, OnChainChannel } from './chain-port.ts';
import type { PaymentTerms } from './payment-terms.ts';

/** Between two looks at the chain while something is waited for. */
const LOOK_MS = 250;

export interface ReaderParts {
  readonly chain: ChainPort;
  readonly clock: Clock;
  readonly random: Random;
  readonly ledger: Ledger;
  readonly terms: PaymentTerms;
  /** A close was requested, or the channel is gone: called after the ledger knows. */
  readonly ended: (row: ChannelRow) => void;
}

/** Brings channels from the chain into the ledger: deposits once they are confirmed, requests to close at once. */
export interface ChannelReader {
  /**
   * Undefined where it is not confirmed yet, or not a channel to this relay in its token.
   * @throws CodedError `chain_unreachable`
   */
  refresh(channel: Hex): Promise<ChannelRow | undefined>;
  /** Until a block is deep enough. @throws CodedError `chain_slow`, `chain_unreachable` */
  confirm(block: number): Promise<void>;
  /** The same for somebody else's transaction. */
  confirmTransaction(hash: Hex): Promise<void>;
}

export function createChannelReader(parts: ReaderParts, patienceMs: number): ChannelReader {
  const { chain, clock, ended, ledger, random, terms } = parts;
  const depth = terms.confirmations - 1;

  /** Nodes may lag behind each other: what is not there yet is asked for again. */
  async function wait<T>(look: () => Promise<T | undefined>): Promise<T> {
    const until = clock.now() + patienceMs;
    for (;;) {
      const found = await look();
      if (found !== undefined) return found;
      if (clock.now() >= until) {
        throw new CodedError('chain_slow', 'The chain has not confirmed a transaction in time.');
      }
      await sleep(clock, LOOK_MS);
    }
  }

  async function confirm(block: number): Promise<void> {
    await wait(async () => ((await chain.head()).number >= block + depth ? true : undefined));
  }

  return {
    confirm,
    async confirmTransaction(hash) {
      await confirm(await wait(() => chain.mined(hash)));
    },
    async refresh(channel) {
      const head = await chain.head();
      const newest = await chain.channel(channel);
      const confirmed = depth === 0 ? newest : await chain.channel(channel, Math.max(0, head.number - depth));
      if (!confirmed || confirmed.payee !== terms.relay || confirmed.token !== terms.token) return undefined;
      const before = ledger.state.channels.get(channel);
      const id = `channel/${channel}/${randomId(random, 8)}`;
      const closeRequestedAt = closeOf(newest ?? confirmed, confirmed);
      const { deposit, finalized, payer, settled, signer } = confirmed;
      await ledger.commit([
        {
          type: 'channel',
          id,
          channel,
          payer,
          signer,
          deposit,
          settled,
          closeRequestedAt,
          finalized,
          block: head.number,
        },
      ]);
      const row = ledger.state.channels.get(channel);
      if (row && isEnding(row) && !(before && isEnding(before))) ended(row);
      return row;
    },
  };
}

/** A channel that was closed in a block that is not confirmed yet pays for nothing more. */
function closeOf(newest: OnChainChannel, confirmed: OnChainChannel): number {
  if (newest.finalized && !confirmed.finalized) return Math.max(1, confirmed.closeRequestedAt);
  return newest.closeRequestedAt;
}

function isEnding({ closeRequestedAt, finalized }: ChannelRow): boolean {
  return finalized || closeRequestedAt !== 0;
}
