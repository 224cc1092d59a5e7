import { CodedError } from '../../core/errors.ts';
import type { Job } from '../jobs/job.ts';
import { type Answer, answerHeaders, type PaidAnswer } from './answer.ts';
import { identityOf } from './answer-identity.ts';
import type { ApiReply } from './api-request.ts';
import type { ChatRequest } from './chat-request.ts';
import { createChoices } from './choices.ts';
import { errorAnswer } from './openai-error.ts';
import { createSseWriter, SSE_HEADERS, type SseWriter } from './sse-writer.ts';

export interface StreamOptions {
  readonly reply: ApiReply;
  readonly chat: ChatRequest;
  /** Unread bytes at which the reader counts as gone. */
  readonly bufferBytes: number;
  /** Gives all its jobs up. */
  readonly cancel: () => void;
  readonly paid?: PaidAnswer;
}

/**
 * An answer as server-sent events: for each choice role, content and finish; then usage, and `[DONE]` once the receipts
 * are durable (rule R4).
 */
export function createStreamedAnswer({ reply, chat, bufferBytes, cancel, paid }: StreamOptions): Answer {
  const { promise: ended, resolve: end } = Promise.withResolvers<string>();
  const early: string[] = [];
  const begun = new Set<number>();
  let promptIds: readonly number[] | undefined;
  let sse: SseWriter | undefined;

  const choices = createChoices(chat, {
    waiting(choice, position, etaMs) {
      const eta = etaMs === undefined ? 'unknown' : `${Math.ceil(etaMs / 1000)}s`;
      const text = `queued ${chat.choices > 1 ? `choice=${choice} ` : ''}position=${position} eta=${eta}`;
      if (sse) sse.comment(text);
      else early.push(text);
    },
    news(choice, news) {
      if (!sse) return;
      if (!begun.has(choice)) sse.role(choice, begun.size === 0 ? promptIds : undefined);
      begun.add(choice);
      sse.news(choice, news);
      if (reply.buffered() > bufferBytes)
        giveUp(new CodedError('client_too_slow', 'The answer was not read.'));
    },
    finished(choice, reason, receipt) {
      sse?.finish(choice, reason);
      if (paid) sse?.event('payment-receipt', paid.receipt(choice, receipt));
    },
    whole(usage, reason) {
      sse?.usage(usage);
      sse?.done();
      reply.end();
      end(reason);
    },
    failed: giveUp,
    notice: (name, data) => sse?.event(name, data),
  });

  function giveUp(error: CodedError): void {
    choices.stop();
    cancel();
    sse?.error(errorAnswer(error).body);
    reply.end();
    end(error.code);
  }

  return {
    ended,
    sinks: choices.sinks,
    begin(jobs) {
      const [first] = jobs as [Job];
      reply.begin(200, { ...SSE_HEADERS, ...answerHeaders(jobs), ...paid?.headers() });
      sse = createSseWriter({
        identity: identityOf(first),
        includeUsage: chat.includeUsage,
        mayCall: chat.tools.callable.length > 0,
        write: (text) => reply.write(text),
      });
      promptIds = chat.returnTokenIds ? first.order.prompt : undefined;
      choices.begin(jobs);
      for (const text of early) sse.comment(text);
      reply.onGone(() => {
        choices.stop();
        cancel();
        end('cancelled');
      });
    },
  };
}
