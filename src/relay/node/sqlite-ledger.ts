import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CodedError, errorBody } from '../../core/errors.ts';
import { type AnyReceipt, anyReceiptSchema } from '../../protocol/money/embed-job-receipt.ts';
import { apply } from '../ledger/apply.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Operation } from '../ledger/operation.ts';
import { type MutableState, record } from '../ledger/record.ts';
import type { OperationResult, ResultsOf } from '../ledger/result.ts';
import type { LedgerBook } from './sqlite/ledger-book.ts';
import { startLedgerWorker } from './sqlite/worker-link.ts';

/** Most operations that wait for the disk at once. */
const MOST_WAITING = 65_536;

/** One call of `commit`. */
interface Commit {
  readonly operations: readonly Operation[];
  readonly done: PromiseWithResolvers<readonly OperationResult[]>;
}

/**
 * The ledger in an SQLite file (WAL, every commit on disk before it is acknowledged), written by a worker thread. What
 * is called within one turn of the event loop is one message; what comes while the disk writes is one transaction. The
 * worker applies operations and writes them; this side applies them again, in the same order, once they are durable.
 * @throws CodedError `store_failed`, `store_not_durable`, `ledger_of_other_money`
 */
export async function openSqliteLedger(file: string, book: LedgerBook): Promise<Ledger> {
  await mkdir(dirname(file), { recursive: true }).catch((cause: unknown) => {
    throw new CodedError('store_failed', `The store failed: ${errorBody(cause).message}.`, undefined, cause);
  });
  /** Called in this turn. */
  let fresh: Commit[] = [];
  /** At the worker, by the number of their message. */
  const sent = new Map<number, readonly Commit[]>();
  let waiting = 0;
  const worker = await startLedgerWorker({ file, ...book }, { settle, ended: fail });
  const state = worker.state as MutableState;

  /** Whatever was sent up to this message is durable, or was rolled back. */
  function settle(through: number, error?: CodedError): void {
    for (const [number, commits] of sent) {
      if (number > through) return;
      sent.delete(number);
      for (const commit of commits) {
        waiting -= commit.operations.length;
        if (error) commit.done.reject(error);
        else commit.done.resolve(commit.operations.map(take));
      }
    }
  }

  function take(op: Operation): OperationResult {
    const applied = apply(state, op);
    record(state, op, applied);
    return applied.result;
  }

  function fail(error: CodedError): void {
    for (const commit of [...[...sent.values()].flat(), ...fresh]) commit.done.reject(error);
    sent.clear();
    fresh = [];
  }

  function send(): void {
    if (fresh.length === 0) return;
    const number = worker.commit(fresh.flatMap(({ operations }) => operations));
    sent.set(number, fresh);
    fresh = [];
  }

  async function commit<const O extends readonly Operation[]>(operations: O): Promise<ResultsOf<O>> {
    if (worker.error) throw worker.error;
    if (waiting + operations.length > MOST_WAITING) {
      throw new CodedError('store_busy', 'Too many operations wait for the disk.', { waiting });
    }
    waiting += operations.length;
    const done: Commit['done'] = Promise.withResolvers();
    if (fresh.push({ operations, done }) === 1) setImmediate(send);
    return (await done.promise) as unknown as ResultsOf<O>;
  }

  async function close(): Promise<void> {
    send();
    await worker.close();
  }

  return {
    state,
    commit,
    receipts: {
      async put(receipt) {
        await commit([{ type: 'receipt', id: `receipt/${receipt.job}`, receipt }]);
      },
      async get(job) {
        send();
        const body = (await worker.ask({ type: 'get', job })) as string | undefined;
        return body === undefined ? undefined : readReceipt(body);
      },
      async list(range) {
        send();
        return ((await worker.ask({ type: 'list', range })) as string[]).map(readReceipt);
      },
      close,
    },
    close,
  };
}

function readReceipt(body: string): AnyReceipt {
  return anyReceiptSchema.parse(JSON.parse(body));
}
