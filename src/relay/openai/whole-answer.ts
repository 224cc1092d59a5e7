import type { Job } from '../jobs/job.ts';
import { type Answer, answerHeaders, type PaidAnswer } from './answer.ts';
import { identityOf, usageOf } from './answer-identity.ts';
import type { ApiReply } from './api-request.ts';
import type { ChatRequest } from './chat-request.ts';
import { errorAnswer } from './openai-error.ts';

export interface WholeOptions {
  readonly reply: ApiReply;
  readonly chat: ChatRequest;
  readonly cancel: (job: Job) => void;
  readonly paid?: PaidAnswer;
}

/** An answer in one piece, sent once its receipt is durable. */
export function createWholeAnswer({ reply, chat, cancel, paid }: WholeOptions): Answer {
  const { promise: ended, resolve: end } = Promise.withResolvers<string>();
  let job: Job | undefined;
  let text = '';
  return {
    ended,
    begin(taken) {
      job = taken;
      reply.onGone(() => {
        cancel(taken);
        end('cancelled');
      });
    },
    sink: {
      waiting: () => {},
      tokens: (_ids, more) => void (text += more),
      finished(finish, rest) {
        if (!job) return;
        const { order, output } = job;
        const { id, ...identity } = identityOf(job);
        const choice = {
          index: 0,
          message: { role: 'assistant', content: text + rest, refusal: null },
          logprobs: null,
          finish_reason: finish,
          ...(chat.returnTokenIds ? { token_ids: output.ids } : {}),
        };
        const body = {
          id,
          object: 'chat.completion',
          ...identity,
          choices: [choice],
          usage: usageOf(order, output.ids.length),
          ...(chat.returnTokenIds ? { prompt_token_ids: order.prompt } : {}),
        };
        const headers = { 'content-type': 'application/json', ...answerHeaders(job), ...paid?.headers() };
        reply.send(200, headers, JSON.stringify(body));
        end(finish);
      },
      failed(error) {
        const { status, headers, body } = errorAnswer(error);
        const jobHeaders = job ? answerHeaders(job) : {};
        reply.send(
          status,
          { 'content-type': 'application/json', ...headers, ...jobHeaders },
          JSON.stringify(body),
        );
        end(error.code);
      },
    },
  };
}
