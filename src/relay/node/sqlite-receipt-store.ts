import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { CodedError, errorBody } from '../../core/errors.ts';
import { type JobReceipt, jobReceiptSchema } from '../../protocol/money/receipt.ts';
import type { ReceiptStore } from '../receipts/receipt-store.ts';
import type { StoreAnswer, StoreQuestion } from './sqlite-messages.ts';

type Unnumbered<T> = T extends unknown ? Omit<T, 'id'> : never;
type Pending = PromiseWithResolvers<unknown>;

/**
 * Receipts in an SQLite file (WAL, every commit on disk before it is acknowledged), in a worker thread.
 * @throws CodedError `store_failed`, `store_not_durable`
 */
export async function openSqliteReceiptStore(file: string): Promise<ReceiptStore> {
  await mkdir(dirname(file), { recursive: true }).catch((cause: unknown) => {
    throw failed(cause);
  });
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
  worker.on('error', (error) => end(failed(error)));
  worker.on('exit', () => end(closed()));

  function end(error: CodedError): void {
    ended ??= error;
    for (const question of pending.values()) question.reject(ended);
    pending.clear();
  }

  function answerOf(id: number): Promise<unknown> {
    const question: Pending = Promise.withResolvers();
    pending.set(id, question);
    return question.promise;
  }

  async function ask(question: Unnumbered<StoreQuestion>): Promise<unknown> {
    if (ended) throw ended;
    const id = ++last;
    const answer = answerOf(id);
    worker.postMessage({ ...question, id });
    return answer;
  }

  await answerOf(0).catch(async (error: unknown) => {
    await worker.terminate();
    throw error;
  });
  return {
    async put(receipt) {
      const { job, endedAt } = receipt;
      await ask({ type: 'put', row: { job, endedAt, body: JSON.stringify(receipt) } });
    },
    async get(job) {
      const body = (await ask({ type: 'get', job })) as string | undefined;
      return body === undefined ? undefined : read(body);
    },
    list: async (range) => ((await ask({ type: 'list', range })) as string[]).map(read),
    async close() {
      if (ended) return;
      const answer = ask({ type: 'close' });
      ended = closed();
      await answer;
    },
  };
}

function read(body: string): JobReceipt {
  return jobReceiptSchema.parse(JSON.parse(body));
}

function closed(): CodedError {
  return new CodedError('store_closed', 'The receipt store is closed.');
}

function failed(cause: unknown): CodedError {
  return new CodedError(
    'store_failed',
    `The receipt store failed: ${errorBody(cause).message}.`,
    undefined,
    cause,
  );
}
