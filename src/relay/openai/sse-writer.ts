import type { AnswerIdentity, Usage } from './answer-identity.ts';
import type { ChoiceNews, FinishReason } from './choice-reader.ts';
import type { OpenAiError } from './openai-error.ts';

export interface SseOptions {
  readonly identity: AnswerIdentity;
  /** The stream ends with a usage chunk, and every other chunk has `usage: null`. */
  readonly includeUsage: boolean;
  /** An answer may be calls only: its first chunk says nothing of text then. */
  readonly mayCall: boolean;
  readonly write: (text: string) => void;
}

/** Server-sent events of one answer. Per token it joins strings: nothing but the text itself is serialised. */
export interface SseWriter {
  /** Clients skip comments: they keep the connection alive. */
  comment(text: string): void;
  role(choice: number, promptIds: readonly number[] | undefined): void;
  /** Writes nothing where there is none. */
  news(choice: number, news: ChoiceNews): void;
  finish(choice: number, reason: FinishReason): void;
  usage(usage: Usage): void;
  /** An event with a name: only for clients that are known to understand it. */
  event(name: string, data: unknown): void;
  done(): void;
  error(error: OpenAiError): void;
}

export const SSE_HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  // nginx and its kin would otherwise hold tokens back.
  'x-accel-buffering': 'no',
} as const;

export function createSseWriter({ identity, includeUsage, mayCall, write }: SseOptions): SseWriter {
  const { id, ...rest } = identity;
  const head = JSON.stringify({ id, object: 'chat.completion.chunk', ...rest }).slice(0, -1);
  const noUsage = includeUsage ? ',"usage":null' : '';
  const before = (choice: number): string => `data: ${head},"choices":[{"index":${choice},"delta":`;
  const after = `}]${noUsage}}\n\n`;
  const unfinished = ',"logprobs":null,"finish_reason":null';
  const role = `{"role":"assistant","content":${mayCall ? 'null' : '""'}}`;
  return {
    comment: (text) => write(`: ${text}\n\n`),
    role: (choice, ids) =>
      write(`${before(choice)}${role}${unfinished}}]${idList('prompt_token_ids', ids)}${noUsage}}\n\n`),
    news(choice, { calls, content, ids, logprobs }) {
      const isBare = content === '' && calls.length === 0 && !logprobs?.length;
      if (isBare && !ids?.length) return;
      const text = calls.length > 0 && content === '' ? '' : `"content":${JSON.stringify(content)}`;
      const called = calls.length > 0 ? `"tool_calls":${JSON.stringify(calls)}` : '';
      const delta = `{${text}${text && called ? ',' : ''}${called}}`;
      const probabilities = logprobs?.length
        ? `,"logprobs":${JSON.stringify({ content: logprobs, refusal: null })},"finish_reason":null`
        : unfinished;
      write(`${before(choice)}${delta}${probabilities}${idList('token_ids', ids)}${after}`);
    },
    finish: (choice, reason) =>
      write(`${before(choice)}{},"logprobs":null,"finish_reason":"${reason}"${after}`),
    usage(usage) {
      if (includeUsage) write(`data: ${head},"choices":[],"usage":${JSON.stringify(usage)}}\n\n`);
    },
    event: (name, data) => write(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`),
    done: () => write('data: [DONE]\n\n'),
    error: (error) => write(`data: ${JSON.stringify(error)}\n\n`),
  };
}

function idList(name: string, ids: readonly number[] | undefined): string {
  return ids ? `,"${name}":[${ids.join(',')}]` : '';
}
