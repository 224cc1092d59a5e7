import type { Hex } from '../core/bytes.ts';
import { CodedError } from '../core/errors.ts';
import {
  type AnyReceipt,
  anyReceiptSchema,
  providersOf,
  verifyEmbedReceipt,
} from '../protocol/money/embed-job-receipt.ts';
import { verifyReceipt } from '../protocol/money/verify-receipt.ts';
import { parseJson } from './payment-messages.ts';

/** A receipt that was read and checked on its own, without what it is about. */
export interface ReadReceipt {
  readonly receipt: AnyReceipt;
  /** Codes with the attempt that they were found in; empty for a receipt that holds. */
  readonly problems: readonly { readonly code: string; readonly lease?: number }[];
  readonly providers: readonly Hex[];
}

/**
 * Reads the JSON that `GET /v1/receipts/:job` gives, and checks its signatures, counts and hashes offline.
 * @throws CodedError `receipt_malformed`
 */
export function readReceipt(text: string): ReadReceipt {
  const parsed = anyReceiptSchema.safeParse(parseJson(text));
  if (!parsed.success) {
    throw new CodedError('receipt_malformed', 'This is not a receipt of Afterglow.', {
      field: parsed.error.issues[0]?.path.join('.'),
    });
  }
  const receipt = parsed.data;
  return {
    receipt,
    problems: 'kind' in receipt ? verifyEmbedReceipt(receipt) : verifyReceipt(receipt),
    providers: providersOf(receipt),
  };
}
