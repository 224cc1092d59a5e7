import type { CodedError } from '../../core/errors.ts';
import type { JobReceipt } from '../../protocol/money/receipt.ts';
import type { Job, JobSink } from '../jobs/job.ts';
import { type Usage, usageOf } from './answer-identity.ts';
import type { ChatRequest } from './chat-request.ts';
import {
  type ChoiceNews,
  type ChoiceReader,
  createChoiceReader,
  type FinishReason,
} from './choice-reader.ts';

/** What becomes of an answer's choices. Nothing is heard after `whole` or `failed`. */
export interface ChoicesListener {
  waiting(choice: number, position: number, etaMs: number | undefined): void;
  news(choice: number, news: ChoiceNews): void;
  finished(choice: number, reason: FinishReason, receipt: JobReceipt): void;
  /** Every choice has finished. */
  whole(usage: Usage, reason: FinishReason): void;
  /** One choice failed, and with it the answer: the others are given up. */
  failed(error: CodedError): void;
  notice(name: string, data: unknown): void;
}

/** The choices of one answer, each a job of its own (rule A7). */
export interface Choices {
  readonly sinks: readonly JobSink[];
  begin(jobs: readonly Job[]): void;
  /** Nothing more is heard. */
  stop(): void;
}

export function createChoices(chat: ChatRequest, listener: ChoicesListener): Choices {
  const readers: ChoiceReader[] = [];
  let jobs: readonly Job[] = [];
  let left = chat.choices;
  let outputTokens = 0;
  let isOver = false;

  function sinkOf(choice: number): JobSink {
    return {
      waiting(position, etaMs) {
        if (!isOver) listener.waiting(choice, position, etaMs);
      },
      tokens(ids, text, logprobs) {
        const reader = readers[choice];
        if (reader && !isOver) listener.news(choice, reader.tokens(ids, text, logprobs));
      },
      finished(finish, rest, receipt) {
        const reader = readers[choice];
        const order = jobs[0]?.order;
        if (!reader || !order || isOver) return;
        listener.news(choice, reader.end(rest));
        const reason = reader.reason(finish);
        listener.finished(choice, reason, receipt);
        outputTokens += receipt.outputTokens;
        if (--left > 0) return;
        isOver = true;
        listener.whole(usageOf(order, chat.choices, outputTokens), reason);
      },
      failed(error) {
        if (isOver) return;
        isOver = true;
        listener.failed(error);
      },
      notice(name, data) {
        if (!isOver) listener.notice(name, data);
      },
    };
  }

  return {
    sinks: Array.from({ length: chat.choices }, (_, choice) => sinkOf(choice)),
    begin(taken) {
      jobs = taken;
      for (const job of taken) readers.push(createChoiceReader(job, chat));
    },
    stop: () => void (isOver = true),
  };
}
