import { CodedError } from '../../core/errors.ts';
import { createMemoryReceiptStore } from '../receipts/memory-receipt-store.ts';
import { apply } from './apply.ts';
import type { Ledger } from './ledger.ts';
import type { Operation } from './operation.ts';
import { emptyState, record } from './record.ts';
import type { OperationResult, ResultsOf } from './result.ts';

/** The model of a ledger: nothing outlives the process. For tests, simulation and relays that keep nothing. */
export function createMemoryLedger({ unit }: { readonly unit: bigint }): Ledger {
  const state = emptyState(unit);
  const receipts = createMemoryReceiptStore();
  let closed = false;

  async function take(op: Operation): Promise<OperationResult> {
    const applied = apply(state, op);
    record(state, op, applied);
    if (applied.changes?.receipt) await receipts.put(applied.changes.receipt);
    return applied.result;
  }

  async function close(): Promise<void> {
    closed = true;
    await receipts.close();
  }

  return {
    state,
    async commit<const O extends readonly Operation[]>(operations: O): Promise<ResultsOf<O>> {
      if (closed) throw new CodedError('store_closed', 'The ledger is closed.');
      return (await Promise.all(operations.map(take))) as unknown as ResultsOf<O>;
    },
    receipts: { ...receipts, close },
    close,
  };
}
