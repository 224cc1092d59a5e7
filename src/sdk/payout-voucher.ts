import { z } from 'zod';
import { CodedError } from '../core/errors.ts';
import { payoutSignerOf } from '../protocol/money/payout.ts';
import { payoutTermsSchema, payoutVoucherSchema } from '../protocol/wire/earnings.ts';
import { parseJson } from './payment-messages.ts';

/** A payout voucher as a provider's tab saves it: the relay's word, and what its hub is named by. */
const savedVoucherSchema = z.object({
  ...payoutVoucherSchema.shape,
  ...payoutTermsSchema.pick({ token: true, owner: true, signer: true }).shape,
});
export type SavedVoucher = z.infer<typeof savedVoucherSchema>;

/**
 * The vouchers of a file, one or a list of them, each of them signed by the signer that it names.
 * @throws CodedError `voucher_malformed` {field}, `voucher_signature` {hub}
 */
export function parseVouchers(text: string): SavedVoucher[] {
  const found = parseJson(text);
  const parsed = z
    .array(savedVoucherSchema)
    .min(1)
    .safeParse(Array.isArray(found) ? found : [found]);
  if (!parsed.success) {
    throw new CodedError('voucher_malformed', 'There is no payout voucher in this, as the page saves them.', {
      field: parsed.error.issues[0]?.path.join('.'),
    });
  }
  parsed.data.forEach(checkSigned);
  return parsed.data;
}

function checkSigned(voucher: SavedVoucher): void {
  const { chainId, cumulative, hub, payee, signature, signer } = voucher;
  const wrong = (cause?: unknown): CodedError => {
    const message = `The voucher of hub ${hub} is not signed by ${signer}: it was changed, and the hub would pay nothing.`;
    return new CodedError('voucher_signature', message, { hub }, cause);
  };
  const payout = { payee, cumulativeAmount: BigInt(cumulative) };
  let found;
  try {
    found = payoutSignerOf(payout, signature, voucher, { chainId, contract: hub });
  } catch (cause) {
    throw wrong(cause);
  }
  if (found !== signer) throw wrong();
}
