import { createChoiceCollector } from '../../protocol/openai/chat-choice.ts';
import type { Job } from '../jobs/job.ts';
import { type Answer, answerHeaders, type PaidAnswer } from './answer.ts';
import { identityOf } from './answer-identity.ts';
import type { ApiReply } from './api-request.ts';
import type { ChatRequest } from './chat-request.ts';
import { createChoices } from './choices.ts';
import { errorAnswer } from './openai-error.ts';

export interface WholeOptions {
  readonly reply: ApiReply;
  readonly chat: ChatRequest;
  /** Gives all its jobs up. */
  readonly cancel: () => void;
  readonly paid?: PaidAnswer;
}

/** An answer in one piece, sent once the receipts of its choices are durable. */
export function createWholeAnswer({ reply, chat, cancel, paid }: WholeOptions): Answer {
  const { promise: ended, resolve: end } = Promise.withResolvers<string>();
  const collectors = Array.from({ length: chat.choices }, (_, choice) =>
    createChoiceCollector(choice, chat.returnTokenIds),
  );
  let jobs: readonly Job[] = [];

  const choices = createChoices(chat, {
    waiting: () => {},
    news(choice, { calls, content, ids = [], logprobs }) {
      collectors[choice]?.add({
        delta: { content, tool_calls: calls },
        logprobs: logprobs ? { content: logprobs } : null,
        token_ids: ids,
      });
    },
    finished: (choice, reason) => collectors[choice]?.add({ finish_reason: reason }),
    whole(usage, reason) {
      const first = jobs[0] as Job;
      const { id, ...identity } = identityOf(first);
      const body = {
        id,
        object: 'chat.completion',
        ...identity,
        choices: collectors.map((collector) => collector.whole()),
        usage,
        ...(chat.returnTokenIds ? { prompt_token_ids: first.order.prompt } : {}),
      };
      const headers = { 'content-type': 'application/json', ...answerHeaders(jobs), ...paid?.headers() };
      reply.send(200, headers, JSON.stringify(body));
      end(reason);
    },
    failed(error) {
      cancel();
      const { status, headers, body } = errorAnswer(error);
      const jobHeaders = jobs.length > 0 ? answerHeaders(jobs) : {};
      reply.send(
        status,
        { 'content-type': 'application/json', ...headers, ...jobHeaders },
        JSON.stringify(body),
      );
      end(error.code);
    },
    notice: () => {},
  });

  return {
    ended,
    sinks: choices.sinks,
    begin(taken) {
      jobs = taken;
      choices.begin(taken);
      reply.onGone(() => {
        choices.stop();
        cancel();
        end('cancelled');
      });
    },
  };
}
