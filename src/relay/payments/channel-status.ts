import type { Hex } from '../../core/bytes.ts';
import { isEnding } from '../ledger/amounts.ts';
import type { ChannelRow, LedgerState } from '../ledger/state.ts';
import { encodeHeader } from './header-json.ts';

export type ChannelPhase = 'pending' | 'open' | 'closing' | 'closed';

/** `GET /v1/payment/channels/:id`: base units, but `spent`, `reserved` and `credited` in pico. */
export function channelStatus({ unit }: LedgerState, row: ChannelRow): object {
  const {
    accepted,
    channel,
    closeRequestedAt,
    credited,
    deposit,
    finalized,
    payer,
    reserved,
    settled,
    signer,
  } = row;
  const state: ChannelPhase = finalized ? 'closed' : isEnding(row) ? 'closing' : 'open';
  return {
    channelId: channel,
    payer,
    signer,
    deposit: String(deposit / unit),
    settled: String(settled / unit),
    accepted: String(accepted / unit),
    voucherSignature: row.voucher?.signature ?? null,
    spent: String(row.spent),
    reserved: String(reserved),
    credited: String(credited),
    closeRequestedAt,
    finalized,
    state,
  };
}

/** A channel whose opening is on its way: nothing of it is confirmed. */
export function pendingStatus(channelId: Hex, payer: Hex, signer: Hex): object {
  const nothing = { deposit: '0', settled: '0', accepted: '0', spent: '0', reserved: '0', credited: '0' };
  const state: ChannelPhase = 'pending';
  return {
    channelId,
    payer,
    signer,
    ...nothing,
    voucherSignature: null,
    closeRequestedAt: 0,
    finalized: false,
    state,
  };
}

/** The header of every answer to a payment. */
export function paymentReceiptHeader({ unit }: LedgerState, row: ChannelRow): Record<string, string> {
  const { accepted, channel, deposit, reserved, spent } = row;
  const receipt = {
    method: 'evm',
    reference: channel,
    acceptedCumulative: String(accepted / unit),
    spent: String(spent),
    reserved: String(reserved),
    deposit: String(deposit / unit),
  };
  return { 'payment-receipt': encodeHeader(receipt) };
}
