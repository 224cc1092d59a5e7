/**
 * The worker thread that has the one connection to the ledger's file, so that no disk ever holds up a token. Commits
 * that come while others are being written share the next transaction.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { CodedError, type ErrorBody, errorBody, unreachable } from '../../../core/errors.ts';
import { type LedgerDatabase, openLedgerDatabase } from './ledger-database.ts';
import type { WorkerAnswer, WorkerQuestion, WorkerTask } from './worker-messages.ts';

type Commit = Extract<WorkerQuestion, { type: 'commit' }>;

const port = parentPort;
if (!port) throw new CodedError('internal', 'This module runs as a worker only.');
const reply = (answer: WorkerAnswer): void => port.postMessage(answer);
let waiting: Commit[] = [];
let ended = false;

try {
  const { file, ...book } = workerData as WorkerTask;
  serve(openLedgerDatabase(file, book));
} catch (error) {
  end(error);
}

function serve(database: LedgerDatabase): void {
  port?.on('message', (question: WorkerQuestion) => {
    if (ended) return;
    if (question.type === 'commit') {
      if (waiting.push(question) === 1) setImmediate(() => commit(database));
      return;
    }
    // What was committed before is there for whoever asks after.
    commit(database);
    const { id } = question;
    try {
      reply({ type: 'answer', id, value: answer(database, question) });
    } catch (error) {
      reply({ type: 'refused', id, error: failure(error) });
    }
    if (question.type === 'close') port?.close();
  });
  reply({ type: 'opened', state: database.state });
}

function commit(database: LedgerDatabase): void {
  const group = waiting;
  waiting = [];
  const through = group.at(-1)?.id;
  if (through === undefined || ended) return;
  try {
    database.commit(group.flatMap(({ operations }) => operations));
    reply({ type: 'committed', through });
  } catch (error) {
    if (error instanceof CodedError && error.code === 'store_diverged') end(error);
    else reply({ type: 'rolledBack', through, error: failure(error) });
  }
}

function answer(database: LedgerDatabase, question: Exclude<WorkerQuestion, Commit>): unknown {
  switch (question.type) {
    case 'get':
      return database.receipts.get(question.job);
    case 'list':
      return database.receipts.list(question.range);
    case 'close':
      return database.close();
    default:
      return unreachable(question);
  }
}

function end(error: unknown): void {
  ended = true;
  reply({ type: 'failed', error: failure(error) });
  port?.close();
}

function failure(error: unknown): ErrorBody {
  if (error instanceof CodedError) return error.toBody();
  return { code: 'store_failed', message: `The store failed: ${errorBody(error).message}.` };
}
