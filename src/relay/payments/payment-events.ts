import type { Hex } from '../../core/bytes.ts';
import type { ChannelFunds } from './chain-port.ts';

/** What happens to money at a relay, for whoever runs it and for the payouts. Pico unless called base units. */
export type PaymentEvent =
  /** A chunk, a tail or a finish was paid: durable. */
  | {
      readonly type: 'accrued';
      at: number;
      job: Hex;
      channel: Hex;
      provider: Hex;
      charged: bigint;
      accrued: bigint;
      fee: bigint;
    }
  /** Base units. */
  | { readonly type: 'voucherAccepted'; at: number; channel: Hex; cumulative: bigint }
  | {
      readonly type: 'channelOpened';
      at: number;
      channel: Hex;
      payer: Hex;
      deposit: bigint;
      tx: Hex | undefined;
    }
  /** What the chain has of a channel now: less than before, where a reorganisation undid something. */
  | { readonly type: 'fundsRead'; at: number; channel: Hex; funds: ChannelFunds }
  /** A reorganisation took a deposit back, or it is there again. Base units: what the chain has of it. */
  | { readonly type: 'depositGone' | 'depositBack'; at: number; channel: Hex; deposit: bigint }
  | { readonly type: 'channelClosing'; at: number; channel: Hex }
  | {
      readonly type: 'channelClosed';
      at: number;
      channel: Hex;
      settled: bigint;
      refunded: bigint;
      tx: Hex | null;
    }
  /** A close that was taken did not come through yet: it is tried again. */
  | { readonly type: 'closeDelayed'; at: number; channel: Hex; code: string; message: string }
  | { readonly type: 'chainFailed'; at: number; code: string; message: string };

export type PaymentListener = (event: PaymentEvent) => void;
