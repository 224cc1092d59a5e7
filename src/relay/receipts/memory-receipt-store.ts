import type { Hex } from '../../core/bytes.ts';
import { CodedError } from '../../core/errors.ts';
import type { AnyReceipt } from '../../protocol/money/embed-job-receipt.ts';
import type { ReceiptStore } from './receipt-store.ts';

/** The model of a receipt store: nothing outlives the process. For tests, simulation and relays that keep nothing. */
export function createMemoryReceiptStore(): ReceiptStore {
  const receipts = new Map<Hex, AnyReceipt>();
  let closed = false;
  const open = (): void => {
    if (closed) throw new CodedError('store_closed', 'The receipt store is closed.');
  };
  return {
    async put(receipt) {
      open();
      if (!receipts.has(receipt.job)) receipts.set(receipt.job, structuredClone(receipt));
    },
    async get(job) {
      open();
      return structuredClone(receipts.get(job));
    },
    async list({ limit, before = Number.POSITIVE_INFINITY }) {
      open();
      const found = [...receipts.values()].filter((receipt) => receipt.endedAt < before);
      return structuredClone(
        found.sort((a, b) => b.endedAt - a.endedAt || (a.job < b.job ? 1 : -1)).slice(0, limit),
      );
    },
    async close() {
      closed = true;
    },
  };
}
