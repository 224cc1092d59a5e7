import type { ErrorBody } from '../../../core/errors.ts';
import type { Operation } from '../../ledger/operation.ts';
import type { LedgerState } from '../../ledger/state.ts';
import type { ReceiptRange } from '../../receipts/receipt-store.ts';
import type { LedgerBook } from './ledger-book.ts';

/** What the worker starts with. */
export interface WorkerTask extends LedgerBook {
  readonly file: string;
}

/** A question of the ledger to its worker. Commits are numbered and answered in order, several at once. */
export type WorkerQuestion =
  | { readonly type: 'commit'; readonly id: number; readonly operations: readonly Operation[] }
  | { readonly type: 'get'; readonly id: number; readonly job: string }
  | { readonly type: 'list'; readonly id: number; readonly range: ReceiptRange }
  | { readonly type: 'close'; readonly id: number };

export type WorkerAnswer =
  /** Comes first. */
  | { readonly type: 'opened'; readonly state: LedgerState }
  /** Every commit up to this one that was not answered yet is on the disk. */
  | { readonly type: 'committed'; readonly through: number }
  /** None of them took effect. */
  | { readonly type: 'rolledBack'; readonly through: number; readonly error: ErrorBody }
  | { readonly type: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly type: 'refused'; readonly id: number; readonly error: ErrorBody }
  /** The file could not be opened, or can't be trusted any more: the worker has ended. */
  | { readonly type: 'failed'; readonly error: ErrorBody };
