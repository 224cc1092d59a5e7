import { Worker } from 'node:worker_threads';
import { CodedError, errorBody, unreachable } from '../../../core/errors.ts';
import type { Operation } from '../../ledger/operation.ts';
import type { LedgerState } from '../../ledger/state.ts';
import type { WorkerAnswer, WorkerQuestion, WorkerTask } from './worker-messages.ts';

type Unnumbered<T> = T extends unknown ? Omit<T, 'id'> : never;
type Question = Unnumbered<Exclude<WorkerQuestion, { type: 'commit' }>>;

/** Who hears of commits. */
export interface CommitListener {
  /** Every commit up to this number is durable, or was rolled back with this error. */
  settle(through: number, error?: CodedError): void;
  /** The worker has ended; nothing more comes. */
  ended(error: CodedError): void;
}

/** The ledger's worker thread, seen from the other side. */
export interface LedgerWorker {
  /** What it found on the disk. */
  readonly state: LedgerState;
  /** Why it has ended, if it has. */
  readonly error: CodedError | undefined;
  /** @returns the commit's number: above all before it */
  commit(operations: readonly Operation[]): number;
  /** Answered after every commit before it. @throws CodedError */
  ask(question: Question): Promise<unknown>;
  close(): Promise<void>;
}

/** @throws CodedError `store_failed`, `store_not_durable`, `ledger_of_other_money` */
export async function startLedgerWorker(task: WorkerTask, listener: CommitListener): Promise<LedgerWorker> {
  const worker = new Worker(new URL('./ledger-worker.ts', import.meta.url), { workerData: task });
  const opened = Promise.withResolvers<LedgerState>();
  const questions = new Map<number, PromiseWithResolvers<unknown>>();
  let last = 0;
  let ended: CodedError | undefined;

  function end(error: CodedError): void {
    ended ??= error;
    opened.reject(ended);
    for (const question of questions.values()) question.reject(ended);
    questions.clear();
    listener.ended(ended);
  }

  function answerOf(id: number): PromiseWithResolvers<unknown> | undefined {
    const question = questions.get(id);
    questions.delete(id);
    return question;
  }

  worker.on('message', (answer: WorkerAnswer) => {
    switch (answer.type) {
      case 'opened':
        return opened.resolve(answer.state);
      case 'committed':
        return listener.settle(answer.through);
      case 'rolledBack':
        return listener.settle(answer.through, CodedError.fromBody(answer.error));
      case 'answer':
        return answerOf(answer.id)?.resolve(answer.value);
      case 'refused':
        return answerOf(answer.id)?.reject(CodedError.fromBody(answer.error));
      case 'failed':
        return end(CodedError.fromBody(answer.error));
      default:
        return unreachable(answer);
    }
  });
  worker.on('error', (cause) => {
    end(new CodedError('store_failed', `The store failed: ${errorBody(cause).message}.`, undefined, cause));
  });
  worker.on('exit', () => end(closed()));

  async function ask(question: Question): Promise<unknown> {
    if (ended) throw ended;
    const id = ++last;
    const answer = Promise.withResolvers<unknown>();
    questions.set(id, answer);
    worker.postMessage({ ...question, id });
    return answer.promise;
  }

  return {
    state: await opened.promise,
    get error() {
      return ended;
    },
    commit(operations) {
      const id = ++last;
      worker.postMessage({ type: 'commit', id, operations } satisfies WorkerQuestion);
      return id;
    },
    ask,
    async close() {
      if (ended) return;
      const answer = ask({ type: 'close' });
      ended = closed();
      await answer;
    },
  };
}

function closed(): CodedError {
  return new CodedError('store_closed', 'The ledger is closed.');
}
