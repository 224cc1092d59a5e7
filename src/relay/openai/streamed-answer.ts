import { CodedError } from '../../core/errors.ts';
import type { Job } from '../jobs/job.ts';
import { type Answer, answerHeaders, type PaidAnswer } from './answer.ts';
import { identityOf, usageOf } from './answer-identity.ts';
import type { ApiReply } from './api-request.ts';
import type { ChatRequest } from './chat-request.ts';
import { errorAnswer } from './openai-error.ts';
import { createSseWriter, SSE_HEADERS, type SseWriter } from './sse-writer.ts';

export interface StreamOptions {
  readonly reply: ApiReply;
  readonly chat: ChatRequest;
  /** Unread bytes at which the reader counts as gone. */
  readonly bufferBytes: number;
  readonly cancel: (job: Job) => void;
  readonly paid?: PaidAnswer;
}

/** An answer as server-sent events: role, content, finish, usage, and `[DONE]` once the receipt is durable (rule R4). */
export function createStreamedAnswer({ reply, chat, bufferBytes, cancel, paid }: StreamOptions): Answer {
  const { promise: ended, resolve: end } = Promise.withResolvers<string>();
  const early: string[] = [];
  let job: Job | undefined;
  let sse: SseWriter | undefined;
  let hasRole = false;

  function comment(text: string): void {
    if (sse) sse.comment(text);
    else early.push(text);
  }

  function content(writer: SseWriter, text: string, ids: readonly number[]): void {
    if (!hasRole) writer.role(chat.returnTokenIds ? job?.order.prompt : undefined);
    hasRole = true;
    if (text !== '' || (chat.returnTokenIds && ids.length > 0))
      writer.content(text, chat.returnTokenIds ? ids : undefined);
  }

  return {
    ended,
    begin(taken) {
      job = taken;
      reply.begin(200, { ...SSE_HEADERS, ...answerHeaders(taken), ...paid?.headers() });
      const write = (text: string): void => reply.write(text);
      sse = createSseWriter({ identity: identityOf(taken), includeUsage: chat.includeUsage, write });
      for (const text of early) sse.comment(text);
      reply.onGone(() => {
        cancel(taken);
        end('cancelled');
      });
    },
    sink: {
      waiting(position, etaMs) {
        comment(
          `queued position=${position} eta=${etaMs === undefined ? 'unknown' : `${Math.ceil(etaMs / 1000)}s`}`,
        );
      },
      tokens(ids, text) {
        if (!sse || !job) return;
        content(sse, text, ids);
        if (reply.buffered() <= bufferBytes) return;
        cancel(job);
        sse.error(errorAnswer(new CodedError('client_too_slow', 'The answer was not read.')).body);
        reply.end();
        end('client_too_slow');
      },
      finished(finish, rest, receipt) {
        if (!sse || !job) return;
        content(sse, rest, []);
        sse.finish(finish, usageOf(job.order, receipt.outputTokens));
        if (paid) sse.event('payment-receipt', paid.receipt(receipt));
        sse.done();
        reply.end();
        end(finish);
      },
      failed(error) {
        sse?.error(errorAnswer(error).body);
        reply.end();
        end(error.code);
      },
      notice: (name, data) => sse?.event(name, data),
    },
  };
}
