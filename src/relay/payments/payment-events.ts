import type { Hex } from '../../core/bytes.ts';

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
