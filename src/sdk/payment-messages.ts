import { z } from 'zod';
import { hash, hex } from '../protocol/wire/fields.ts';
import { jobReceiptSchema } from '../protocol/money/receipt.ts';
import { amount, anyAddress } from './amount-fields.ts';
import { decodeBase64Url } from './base64url.ts';

/** Base units but for `spent`, `reserved` and `credited`, which are pico. */
const channelStatusSchema = z.object({
  channelId: hash,
  payer: anyAddress,
  deposit: amount,
  settled: amount,
  accepted: amount,
  /** The agent's own signature under `accepted`. */
  voucherSignature: hex(65).nullish(),
  spent: amount,
  reserved: amount,
  credited: amount,
  closeRequestedAt: z.union([z.int(), z.string(), z.null()]).optional(),
  finalized: z.boolean(),
  state: z.enum(['pending', 'open', 'closing', 'closed']),
});
/** What a relay says of a channel. */
export type ChannelStatus = z.output<typeof channelStatusSchema>;

export function parseChannelStatus(value: unknown): ChannelStatus | undefined {
  return channelStatusSchema.safeParse(value).data;
}

const paymentReceiptSchema = z.object({
  reference: hash,
  acceptedCumulative: amount,
  spent: amount.optional(),
});

/** The highest voucher that the relay holds, as the header `Payment-Receipt` says. */
export function readAccepted(headers: Headers): bigint | undefined {
  const text = headers.get('payment-receipt');
  if (text === null) return undefined;
  return paymentReceiptSchema.safeParse(decodeBase64Url(text)).data?.acceptedCumulative;
}

const needSchema = z.object({
  channelId: hash,
  /** Base units. */
  requiredCumulative: amount,
  acceptedCumulative: amount,
});
/** In a stream: the relay will not go on without a voucher of at least this. */
export type NeedVoucher = z.output<typeof needSchema>;

export function parseNeedVoucher(data: string): NeedVoucher | undefined {
  return needSchema.safeParse(parseJson(data)).data;
}

const endSchema = z.object({
  acceptedCumulative: amount,
  /** Pico. */
  spent: amount,
  charged: amount,
  receipt: jobReceiptSchema,
});
/** A stream's last word on the money of one choice. */
export type PaymentEnd = z.output<typeof endSchema>;

export function parsePaymentEnd(data: string): PaymentEnd | undefined {
  return endSchema.safeParse(parseJson(data)).data;
}

const closedSchema = z.object({ txHash: hash.nullish(), settled: amount, refunded: amount });
/** What a close did on the chain, in base units. */
export type ChannelClosed = z.output<typeof closedSchema>;

export function parseClosed(value: unknown): ChannelClosed | undefined {
  return closedSchema.safeParse(value).data;
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
