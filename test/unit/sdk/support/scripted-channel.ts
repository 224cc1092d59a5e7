import type { Hex } from '../../../../src/core/bytes.ts';
import { recoverAddress } from '../../../../src/protocol/money/signature.ts';
import { voucherDigester } from '../../../../src/protocol/money/voucher.ts';
import { encodeBase64Url } from '../../../../src/sdk/base64url.ts';
import { TERMS } from './scripted-terms.ts';

export interface Payload {
  readonly action: 'open' | 'voucher' | 'close' | 'topUp';
  readonly channelId: Hex;
  /** A top-up has none. */
  readonly cumulativeAmount?: string;
  readonly signature: Hex;
  readonly additionalDeposit?: string;
  readonly voucherSignature?: Hex;
  readonly authorization?: { readonly from: Hex; readonly value: string };
}

export interface ChannelRow {
  readonly payer: Hex;
  deposit: bigint;
  accepted: bigint;
  signature: Hex;
  spent: bigint;
  credited: bigint;
  settled: bigint;
  state: 'open' | 'closing' | 'closed';
}

/** @returns a code where the voucher is not taken */
export function acceptVoucher(row: ChannelRow, payload: Payload, mayBeEqual: boolean): string | undefined {
  const cumulative = BigInt(payload.cumulativeAmount ?? 0);
  const digest = voucherDigester({ chainId: TERMS.chainId, contract: TERMS.escrow });
  const signer = recoverAddress(
    digest({ channelId: payload.channelId, cumulativeAmount: cumulative }),
    payload.signature,
  );
  if (signer !== row.payer) return 'voucher_signature';
  if (row.state !== 'open') return `channel_${row.state}`;
  if (cumulative > row.deposit) return 'voucher_over_deposit';
  if (cumulative < row.accepted || (cumulative === row.accepted && !mayBeEqual)) return 'voucher_stale';
  row.accepted = cumulative;
  row.signature = payload.signature;
  return undefined;
}

/** What `GET /v1/payment/channels/:id` says. @param reserved pico */
export function statusOf(id: Hex, row: ChannelRow, reserved: bigint): object {
  const { accepted, credited, deposit, payer, settled, signature, spent, state } = row;
  return {
    channelId: id,
    payer,
    signer: payer,
    deposit: String(deposit),
    settled: String(settled),
    accepted: String(accepted),
    voucherSignature: signature,
    spent: String(spent),
    reserved: String(reserved),
    credited: String(credited),
    closeRequestedAt: 0,
    finalized: state === 'closed',
    state,
  };
}

/** The header of what was paid for. */
export function receiptHeader(channelId: Hex, row: ChannelRow, reserved: bigint): string {
  return encodeBase64Url({
    method: 'evm',
    reference: channelId,
    acceptedCumulative: String(row.accepted),
    spent: String(row.spent),
    reserved: String(reserved),
    deposit: String(row.deposit),
  });
}
