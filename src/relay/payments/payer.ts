import { CodedError } from '../../core/errors.ts';
import type { ChannelRow } from '../ledger/state.ts';
import type { ChannelOpening } from './channel-opening.ts';
import { type Payload, type SignedVoucher, voucherOf } from './credential.ts';
import type { VoucherIntake } from './voucher-intake.ts';

/** Who pays for a request with a body: its channel, which may be opened with it, and its voucher. */
export type PayerOf = (payload: Payload, ip: string) => Promise<{ row: ChannelRow; voucher: SignedVoucher }>;

/** Errors: `voucher_malformed`, and those of `ChannelOpening.open` and `VoucherIntake.authenticate`. */
export function createPayerOf(intake: VoucherIntake, opening: ChannelOpening): PayerOf {
  return async (payload, ip) => {
    const voucher = voucherOf(payload);
    if (!voucher || payload.action === 'close') {
      throw new CodedError('voucher_malformed', `The action ${payload.action} takes no request body.`);
    }
    const row = payload.action === 'open' ? await opening.open(payload, ip) : intake.authenticate(voucher);
    return { row, voucher };
  };
}
