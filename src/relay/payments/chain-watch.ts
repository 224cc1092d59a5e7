import type { Hex } from '../../core/bytes.ts';
import type { Clock } from '../../core/clock.ts';
import { errorBody } from '../../core/errors.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { ChainHead, ChainPort } from './chain-port.ts';
import { createChangeLog } from './change-log.ts';
import type { ChannelReader } from './channel-reader.ts';
import { runSome } from './asking.ts';
import type { PaymentListener } from './payment-events.ts';
import { createReadingRound } from './reading-round.ts';

export interface WatchParts {
  readonly chain: ChainPort;
  readonly clock: Clock;
  readonly emit: PaymentListener;
  readonly ledger: Ledger;
  readonly reader: ChannelReader;
  readonly confirmations: number;
  readonly everyMs: number;
  /** Every open channel is read anew within this time, whatever events say. */
  readonly rereadMs: number;
  /** Age of the newest block at which the relay counts as blind. */
  readonly blindMs: number;
  /** The chain is in sight again. */
  readonly sighted: () => void;
}

/** Follows the chain: what happens to this relay's channels comes into the ledger (rule K13). */
export interface ChainWatch {
  /**
   * The newest block of which everything was read is too old: no voucher is accepted and no chunk is covered. That a
   * node tells its newest block is not enough.
   */
  isBlind(): boolean;
  /** Looks once now. Errors are reported as events. */
  look(): Promise<void>;
  /** Reads every open channel, then looks again and again. */
  start(): Promise<void>;
  stop(): void;
}

export function createChainWatch(parts: WatchParts): ChainWatch {
  const { blindMs, chain, clock, confirmations, emit, everyMs, ledger, reader, rereadMs, sighted } = parts;
  const changes = createChangeLog(chain, clock, confirmations);
  const round = createReadingRound(ledger.state, rereadMs, everyMs);
  /** To be read; what could not be read stays. */
  const due = new Set<Hex>();
  /** The newest block of which everything was read. */
  let head: ChainHead | undefined;
  let wasBlind = true;
  let undo = (): void => {};
  let stopped = false;

  const isBlind = (): boolean => head === undefined || clock.now() - head.at > blindMs;

  async function look(): Promise<void> {
    try {
      const now = await chain.head();
      // A node that lags behind another one says nothing new; but if nothing newer ever comes, the other one erred.
      if (head && now.number < head.number && !isBlind()) return;
      await read(now);
      head = now;
      if (wasBlind && !isBlind()) sighted();
      wasBlind = isBlind();
    } catch (error) {
      const { code, message } = errorBody(error);
      emit({ type: 'chainFailed', at: clock.now(), code, message });
    }
  }

  /**
   * Channels that this relay does not know are left alone, whatever happens to them: anybody can make anything happen to
   * theirs. They come into the ledger by their agents' credentials.
   */
  async function read(now: ChainHead): Promise<void> {
    for (const channel of round.due(clock.now())) due.add(channel);
    for (const channel of await changes.upTo(now.number)) {
      if (ledger.state.channels.has(channel)) due.add(channel);
    }
    const [error] = await runSome(due, async (channel) => {
      await reader.refresh(channel, now);
      due.delete(channel);
      round.wasRead(channel, clock.now());
    });
    if (error !== undefined) throw error;
  }

  async function loop(): Promise<void> {
    await look();
    if (!stopped) undo = clock.after(everyMs, () => void loop());
  }

  return {
    isBlind,
    look,
    start: loop,
    stop() {
      stopped = true;
      undo();
    },
  };
}
