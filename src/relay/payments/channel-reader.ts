import type { Hex } from '../../core/bytes.ts';
import { type Clock, sleep } from '../../core/clock.ts';
import { type Random, randomId } from '../../core/random.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { ChannelRow } from '../ledger/state.ts';
import {
  type ChainHead,
  type ChainPort,
  type ChannelFunds,
  NO_FUNDS,
  type OnChainChannel,
} from './chain-port.ts';
import { askAgain, waitFor } from './asking.ts';
import type { PaymentTerms } from './payment-terms.ts';

/** Between two looks at the chain while something is waited for. */
const LOOK_MS = 250;
/** Looks at newest blocks before something counts as not there: a node may lag behind the one that told of it. */
const LOOKS = 4;

export interface ReaderParts {
  readonly chain: ChainPort;
  readonly clock: Clock;
  readonly random: Random;
  readonly ledger: Ledger;
  readonly terms: PaymentTerms;
  /** What the chain has of a channel that the ledger knows, at a block that is no older than the last one. */
  readonly saw: (row: ChannelRow, funds: ChannelFunds) => void;
  /** A close was requested, or the channel is gone: called after the ledger knows. */
  readonly ended: (row: ChannelRow) => void;
}

/** Brings channels from the chain into the ledger: deposits once they are confirmed, requests to close at once. */
export interface ChannelReader {
  /**
   * Undefined where it is not confirmed yet, or not a channel to this relay in its token.
   * @param at the block to read at: the newest where it is missing @throws CodedError `chain_unreachable`, `chain_refused`
   */
  refresh(channel: Hex, at?: ChainHead): Promise<ChannelRow | undefined>;
  /** Until a block is deep enough. @returns the newest one then @throws CodedError `chain_slow`, `chain_unreachable` */
  confirm(block: number): Promise<ChainHead>;
  /**
   * Where the newest block has a channel as somebody's transaction leaves it, until a confirmed block has it so, too.
   * It may have been so for long: then nothing is waited for.
   * @returns the newest block then; undefined where no node's newest block has it so @throws CodedError as `confirm`
   */
  confirmState(channel: Hex, isReached: (state: OnChainChannel) => boolean): Promise<ChainHead | undefined>;
  /** The newest block that counts where this one is the newest. */
  confirmedBlock(head: ChainHead): number;
  /** A channel as a block has it. @throws CodedError `chain_unreachable`, `chain_refused` */
  read(channel: Hex, block: number): Promise<OnChainChannel | undefined>;
}

export function createChannelReader(parts: ReaderParts, patienceMs: number): ChannelReader {
  const { chain, clock, ended, ledger, random, saw, terms } = parts;
  const depth = terms.confirmations - 1;
  /** The last question after the newest block. */
  let asked: { readonly at: number; readonly head: Promise<ChainHead> } | undefined;

  /** One question for all that wait. */
  function newestHead(): Promise<ChainHead> {
    if (!asked || clock.now() - asked.at >= LOOK_MS) asked = { at: clock.now(), head: chain.head() };
    return asked.head;
  }

  function confirm(block: number): Promise<ChainHead> {
    return waitFor(clock, { everyMs: LOOK_MS, patienceMs }, async () => {
      const head = await newestHead();
      return head.number >= block + depth ? head : undefined;
    });
  }

  function read(channel: Hex, block: number): Promise<OnChainChannel | undefined> {
    return askAgain(clock, () => chain.channel(channel, block));
  }

  const confirmedBlock = ({ number }: ChainHead): number => Math.max(0, number - depth);

  /** Both at blocks by their numbers: another node's newest block may be an older one, and an old state no news. */
  async function readBoth(channel: Hex, head: ChainHead): Promise<(OnChainChannel | undefined)[]> {
    if (depth > 0) return Promise.all([read(channel, head.number), read(channel, confirmedBlock(head))]);
    const newest = await read(channel, head.number);
    return [newest, newest];
  }

  async function confirmState(
    channel: Hex,
    isReached: (state: OnChainChannel) => boolean,
  ): Promise<ChainHead | undefined> {
    const isReachedIn = async (block: number): Promise<boolean> => {
      const state = await read(channel, block);
      return state !== undefined && isReached(state);
    };
    let head = await chain.head();
    for (let looks = 1; !(await isReachedIn(head.number)); looks++) {
      if (looks === LOOKS) return undefined;
      await sleep(clock, LOOK_MS);
      head = await chain.head();
    }
    let looked = -1;
    return waitFor(clock, { everyMs: LOOK_MS, patienceMs }, async () => {
      if (looked >= 0) head = await newestHead();
      if (head.number <= looked) return undefined;
      looked = head.number;
      return (await isReachedIn(confirmedBlock(head))) ? head : undefined;
    });
  }

  return {
    confirm,
    confirmedBlock,
    confirmState,
    read,
    async refresh(channel, at) {
      const head = at ?? (await chain.head());
      const [newest, confirmed] = await readBoth(channel, head);
      const before = ledger.state.channels.get(channel);
      if (!confirmed || confirmed.payee !== terms.relay || confirmed.token !== terms.token) {
        // It was confirmed once, by a block that is no more.
        if (before && head.number >= before.block) saw(before, NO_FUNDS);
        return undefined;
      }
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
      if (row && head.number === row.block) saw(row, fundsOf(newest, confirmed));
      if (row && isEndingOnChain(row) && !(before && isEndingOnChain(before))) ended(row);
      return row;
    },
  };
}

/** A channel that was closed in a block that is not confirmed yet pays for nothing more. */
function closeOf(newest: OnChainChannel, confirmed: OnChainChannel): number {
  if (newest.finalized && !confirmed.finalized) return Math.max(1, confirmed.closeRequestedAt);
  return newest.closeRequestedAt;
}

/** A deposit that the newest block has no more is about to be gone; of what it has closed nothing is left to draw. */
function fundsOf(newest: OnChainChannel | undefined, confirmed: OnChainChannel): ChannelFunds {
  const { deposit, finalized, settled } = confirmed;
  const left = newest?.deposit ?? 0n;
  const isClosed = finalized || newest?.finalized === true;
  return { deposit: left < deposit ? left : deposit, settled, finalized: isClosed };
}

/** A close that was taken and is not mined (`closing`) is no news of the chain: it ended the channel when it was taken. */
function isEndingOnChain({ closeRequestedAt, finalized }: ChannelRow): boolean {
  return finalized || closeRequestedAt !== 0;
}
