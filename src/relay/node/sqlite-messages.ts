import type { ErrorBody } from '../../core/errors.ts';
import type { ReceiptRange } from '../receipts/receipt-store.ts';
import type { ReceiptRow } from './receipt-database.ts';

/** What the receipt store asks of its worker; each question has one answer of the same `id`. */
export type StoreQuestion =
  | { readonly id: number; readonly type: 'put'; readonly row: ReceiptRow }
  | { readonly id: number; readonly type: 'get'; readonly job: string }
  | { readonly id: number; readonly type: 'list'; readonly range: ReceiptRange }
  | { readonly id: number; readonly type: 'close' };

/** The first answer has id 0: the database is open, or why it is not. */
export type StoreAnswer =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: ErrorBody };
