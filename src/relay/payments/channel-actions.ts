import type { Hex } from '../../core/bytes.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { ChannelRow } from '../ledger/state.ts';
import type { ApiReply, ApiRequest } from '../openai/api-request.ts';
import type { ChannelClosing } from './channel-closing.ts';
import type { ChannelOpening } from './channel-opening.ts';
import { channelStatus, paymentReceiptHeader } from './channel-status.ts';
import { type Payload, voucherOf } from './credential.ts';
import type { PaymentDesk } from './payment-desk.ts';
import type { VoucherIntake } from './voucher-intake.ts';

export interface ActionParts {
  readonly closing: ChannelClosing;
  readonly intake: VoucherIntake;
  readonly ledger: Ledger;
  readonly desk: PaymentDesk;
  readonly opening: ChannelOpening;
}

/** What a credential without a request body does to its channel, and the answer to it. */
export type ChannelAction = (payload: Payload, request: ApiRequest, reply: ApiReply) => Promise<void>;

export function createChannelActions(parts: ActionParts): ChannelAction {
  const { closing, desk, intake, ledger, opening } = parts;
  const { state } = ledger;
  const known = (channel: Hex): ChannelRow => state.channels.get(channel) as ChannelRow;

  function answer(reply: ApiReply, row: ChannelRow, body: object): void {
    const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' };
    reply.send(200, { ...headers, ...paymentReceiptHeader(state, row) }, JSON.stringify(body));
  }

  async function act(payload: Payload, { ip }: ApiRequest, reply: ApiReply): Promise<void> {
    const { channelId } = payload;
    if (payload.action === 'close') {
      const { refunded, settled, txHash } = await closing.close(payload);
      const row = known(channelId);
      return answer(reply, row, { txHash, settled: String(settled), refunded: String(refunded) });
    }
    if (payload.action === 'topUp') await opening.topUp(payload, ip);
    else if (payload.action === 'open') {
      const row = await opening.open(payload, ip);
      const voucher = voucherOf(payload);
      if (voucher && voucher.cumulativeAmount * state.unit > row.accepted) await desk.accept(row, voucher);
    } else await desk.accept(intake.authenticate(payload), payload);
    const row = known(channelId);
    answer(reply, row, channelStatus(state, row));
  }

  return act;
}
