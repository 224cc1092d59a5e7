import type { Finish } from '../../protocol/wire/job.ts';
import type { AnswerIdentity, Usage } from './answer-identity.ts';
import type { OpenAiError } from './openai-error.ts';

export interface SseOptions {
  readonly identity: AnswerIdentity;
  /** The stream ends with a usage chunk, and every other chunk has `usage: null`. */
  readonly includeUsage: boolean;
  readonly write: (text: string) => void;
}

/** Server-sent events of one answer. Per token it joins strings: nothing but the text itself is serialised. */
export interface SseWriter {
  /** Clients skip comments: they keep the connection alive. */
  comment(text: string): void;
  role(promptIds: readonly number[] | undefined): void;
  content(text: string, ids: readonly number[] | undefined): void;
  finish(finish: Finish, usage: Usage): void;
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

export function createSseWriter({ identity, includeUsage, write }: SseOptions): SseWriter {
  const { id, ...rest } = identity;
  const head = JSON.stringify({ id, object: 'chat.completion.chunk', ...rest }).slice(0, -1);
  const noUsage = includeUsage ? ',"usage":null' : '';
  const before = `data: ${head},"choices":[{"index":0,"delta":`;
  const beforeText = `${before}{"content":`;
  const unfinished = ',"logprobs":null,"finish_reason":null';
  return {
    comment: (text) => write(`: ${text}\n\n`),
    role: (ids) =>
      write(
        `${before}{"role":"assistant","content":""}${unfinished}}]${idList('prompt_token_ids', ids)}${noUsage}}\n\n`,
      ),
    content: (text, ids) =>
      write(`${beforeText}${JSON.stringify(text)}}${unfinished}${idList('token_ids', ids)}}]${noUsage}}\n\n`),
    finish(finish, usage) {
      write(`${before}{},"logprobs":null,"finish_reason":"${finish}"}]${noUsage}}\n\n`);
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
