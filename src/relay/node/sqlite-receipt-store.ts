import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { CodedError, errorBody } from '../../core/errors.ts';
import type { JobReceipt } from '../../protocol/money/receipt.ts';
import type { ReceiptStore } from '../receipts/receipt-store.ts';
import type { StoreAnswer, StoreQuestion } from './sqlite-messages.ts';

type Unnumbered<T> = T extends unknown ? Omit<T, 'id'> : never;
type Pending = PromiseWithResolvers<unknown>;

/**
 * Receipts in an SQLite file (WAL, every commit on disk before it is acknowledged), in a worker thread.
 * @throws CodedError `store_failed`, `store_not_durable`
 */
export async function openSqliteReceiptStore(file: string): Promise<ReceiptStore> {
  await mkdir(dirname(file), { recursive: true });
  const worker = new Worker(new URL('./sqlite-worker.ts', import.meta.url), { workerData: { file } });
  const pending = new Map<number, Pending>();
  let last = 0;
  let ended: CodedError | undefined;

  worker.on('message', (answer: StoreAnswer) => {
    const question = pending.get(answer.id);
    pending.delete(answer.id);
    if ('error' in answer) question?.reject(CodedError.fromBody(answer.error));
    else question?.resolve(answer.value);
  });
  worker.on('error', (error) =>
    end(new CodedError('store_failed', `The receipt store failed: ${errorBody(error).message}.`)),
  );
  worker.on('exit', () => end(new CodedError('store_closed', 'The receipt store is closed.')));

  function end(error: CodedError): void {
    ended ??= error;
    for (const question of pending.values()) question.reject(ended);
    pending.clear();
  }

  function await_(id: number): Promise<unknown> {
    const question: Pending = Promise.withResolvers();
    pending.set(id, question);
    return question.promise;
  }

  async function ask(question: Unnumbered<StoreQuestion>): Promise<unknown> {
    if (ended) throw ended;
    const id = ++last;
    const answer = await_(id);
    worker.postMessage({ ...question, id });
    return answer;
  }

  await await_(0).catch(async (error: unknown) => {
    await worker.terminate();
    throw error;
  });
  return {
    put: async (receipt) => void (await ask({ type: 'put', receipt })),
    get: async (job) => (await ask({ type: 'get', job })) as JobReceipt | undefined,
    list: async (range) => (await ask({ type: 'list', range })) as JobReceipt[],
    async close() {
      if (ended) return;
      const closed = ask({ type: 'close' });
      ended = new CodedError('store_closed', 'The receipt store is closed.');
      await closed;
    },
  };
}
