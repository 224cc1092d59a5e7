import type { Hex } from '../../core/bytes.ts';
import type { Clock } from '../../core/clock.ts';
import { clampedPico } from '../ledger/amounts.ts';
import type { ChannelRow, LedgerState } from '../ledger/state.ts';
import type { ChannelFunds } from './chain-port.ts';
import type { PaymentListener } from './payment-events.ts';

export interface DoubtsParts {
  readonly clock: Clock;
  readonly emit: PaymentListener;
  readonly state: LedgerState;
  /** The chain has all of a channel's deposit again. */
  readonly dispelled: (channel: Hex) => void;
}

/**
 * Channels of which the chain has less than once counted as confirmed: a reorganisation took an opening or a top-up back.
 * Nothing more is accepted or covered on them until it is there again (rule K13).
 */
export interface DepositDoubts {
  has(channel: Hex): boolean;
  /** What the chain has of a channel now. */
  see(row: ChannelRow, funds: ChannelFunds): void;
}

export function createDepositDoubts({ clock, dispelled, emit, state }: DoubtsParts): DepositDoubts {
  const doubted = new Set<Hex>();
  return {
    has: (channel) => doubted.has(channel),
    see({ channel, deposit, finalized }, funds) {
      const isShort = !finalized && clampedPico(state, funds.deposit) < deposit;
      if (isShort === doubted.has(channel)) return;
      if (isShort) doubted.add(channel);
      else doubted.delete(channel);
      const found = funds.deposit;
      emit({ type: isShort ? 'depositGone' : 'depositBack', at: clock.now(), channel, deposit: found });
      if (!isShort) dispelled(channel);
    },
  };
}
