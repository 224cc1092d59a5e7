import type { Hex } from '../../core/bytes.ts';
import type { Clock } from '../../core/clock.ts';
import { errorBody } from '../../core/errors.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { ChainHead, ChainPort } from './chain-port.ts';
import type { ChannelReader } from './channel-reader.ts';
import type { PaymentListener } from './payment-events.ts';

export interface WatchParts {
  readonly chain: ChainPort;
  readonly clock: Clock;
  readonly emit: PaymentListener;
  readonly ledger: Ledger;
  readonly reader: ChannelReader;
  readonly confirmations: number;
  readonly everyMs: number;
  /** Age of the newest block at which the relay counts as blind. */
  readonly blindMs: number;
  /** The chain is in sight again. */
  readonly sighted: () => void;
}

/** Follows the chain: what happens to this relay's channels comes into the ledger. */
export interface ChainWatch {
  /** The newest known block is too old: no voucher is accepted and no chunk is covered. */
  isBlind(): boolean;
  /** Looks once now. Errors are reported as events. */
  look(): Promise<void>;
  /** Reads every open channel, then looks again and again. */
  start(): Promise<void>;
  stop(): void;
}

export function createChainWatch(parts: WatchParts): ChainWatch {
  const { blindMs, chain, clock, confirmations, emit, everyMs, ledger, reader, sighted } = parts;
  let head: ChainHead | undefined;
  /** Up to where changes were read. */
  let seen: number | undefined;
  let wasBlind = true;
  let undo = (): void => {};
  let stopped = false;

  const isBlind = (): boolean => head === undefined || clock.now() - head.at > blindMs;

  async function look(): Promise<void> {
    try {
      const now = await chain.head();
      // A node that lags behind another one says nothing new.
      if (!head || now.number >= head.number) head = now;
      await read(now.number);
      if (wasBlind && !isBlind()) sighted();
      wasBlind = isBlind();
    } catch (error) {
      const { code, message } = errorBody(error);
      emit({ type: 'chainFailed', at: clock.now(), code, message });
    }
  }

  /** Blocks that were not confirmed at the last look are read again: a deposit in them may be by now. */
  async function read(newest: number): Promise<void> {
    if (seen === undefined) {
      for (const { channel, finalized } of ledger.state.channels.values())
        if (!finalized) await reader.refresh(channel);
    } else if (newest > seen) {
      const from = Math.max(0, seen + 1 - (confirmations - 1));
      const changed: readonly Hex[] = await chain.changed(from, newest);
      for (const channel of new Set(changed)) await reader.refresh(channel);
    }
    seen = Math.max(seen ?? 0, newest);
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
