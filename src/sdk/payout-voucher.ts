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

/** One entry of a file: a voucher, or why it is none that any hub would pay. */
export type VoucherEntry = { readonly voucher: SavedVoucher } | { readonly error: CodedError };

/**
 * What a file of vouchers holds, one or a list of them. A bad entry takes nothing from the others: its error is
 * `voucher_malformed` {entry, field} or `voucher_signature` {entry, hub}, entries being counted from 1.
 * @throws CodedError `voucher_malformed`: none of it has a voucher's form
 */
export function parseVouchers(text: string): VoucherEntry[] {
  const found = parseJson(text);
  const list: unknown[] = Array.isArray(found) ? found : [found];
  const entries = list.map((item, at) => ({ at, ...savedVoucherSchema.safeParse(item) }));
  if (!entries.some(({ success }) => success))
    throw new CodedError('voucher_malformed', 'There is no payout voucher in this, as the page saves them.', {
      field: entries[0]?.error?.issues[0]?.path.join('.'),
    });
  return entries.map(({ at, data, error }) => (data ? checked(data, at + 1) : malformed(error, at + 1)));
}

function malformed(error: z.ZodError | undefined, entry: number): VoucherEntry {
  const field = error?.issues[0]?.path.join('.');
  const message = `Entry ${entry} of the file is no payout voucher, as the page saves them.`;
  return { error: new CodedError('voucher_malformed', message, { entry, field }) };
}

function checked(voucher: SavedVoucher, entry: number): VoucherEntry {
  const { hub, signer } = voucher;
  if (isSigned(voucher)) return { voucher };
  const message = `The voucher of hub ${hub} (entry ${entry} of the file) is not signed by ${signer}: it was changed, and the hub would pay nothing.`;
  return { error: new CodedError('voucher_signature', message, { entry, hub }) };
}

function isSigned(voucher: SavedVoucher): boolean {
  const { chainId, cumulative, hub, payee, signature, signer } = voucher;
  const payout = { payee, cumulativeAmount: BigInt(cumulative) };
  try {
    return payoutSignerOf(payout, signature, voucher, { chainId, contract: hub }) === signer;
  } catch (error) {
    if (error instanceof CodedError && error.code === 'signature_malformed') return false;
    throw error;
  }
}
