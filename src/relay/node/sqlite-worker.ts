/**
 * The worker thread that has the one connection to the receipts' database, so that no disk ever holds up a token.
 * Receipts that come while others are being written share the next commit.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { CodedError, type ErrorBody, errorBody, unreachable } from '../../core/errors.ts';
import { openReceiptDatabase, type ReceiptDatabase } from './receipt-database.ts';
import type { StoreAnswer, StoreQuestion } from './sqlite-messages.ts';

type Put = Extract<StoreQuestion, { type: 'put' }>;

const port = parentPort;
if (!port) throw new CodedError('internal', 'This module runs as a worker only.');
const reply = (answer: StoreAnswer): void => port.postMessage(answer);
let waiting: Put[] = [];

try {
  serve(openReceiptDatabase((workerData as { file: string }).file));
} catch (error) {
  reply({ id: 0, error: failure(error) });
}

function serve(database: ReceiptDatabase): void {
  port?.on('message', (question: StoreQuestion) => {
    if (question.type === 'put') {
      if (waiting.push(question) === 1) setImmediate(() => commit(database));
      return;
    }
    // What was put before is there for whoever asks after.
    commit(database);
    try {
      reply({ id: question.id, value: answer(database, question) });
    } catch (error) {
      reply({ id: question.id, error: failure(error) });
    }
    if (question.type === 'close') port?.close();
  });
  reply({ id: 0, value: undefined });
}

function commit(database: ReceiptDatabase): void {
  const batch = waiting;
  waiting = [];
  if (batch.length === 0) return;
  try {
    database.putAll(batch.map(({ row }) => row));
    for (const { id } of batch) reply({ id, value: undefined });
  } catch (error) {
    for (const { id } of batch) reply({ id, error: failure(error) });
  }
}

function answer(database: ReceiptDatabase, question: Exclude<StoreQuestion, Put>): unknown {
  switch (question.type) {
    case 'get':
      return database.get(question.job);
    case 'list':
      return database.list(question.range);
    case 'close':
      return database.close();
    default:
      return unreachable(question);
  }
}

function failure(error: unknown): ErrorBody {
  if (error instanceof CodedError) return error.toBody();
  return { code: 'store_failed', message: `The receipt store failed: ${errorBody(error).message}.` };
}
