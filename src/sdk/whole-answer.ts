import { CodedError } from '../core/errors.ts';
import { type ChoiceCollector, createChoiceCollector } from '../protocol/openai/chat-choice.ts';
import { type ChatChunk, parseChatChunk } from './chat-chunk.ts';
import { readEvents } from './sse-events.ts';

const STATUS_OF: Readonly<Record<string, number>> = {
  invalid_request_error: 400,
  payment_required: 402,
  rate_limit_error: 429,
  service_unavailable_error: 503,
};

/** An answer in one piece. */
export interface WholeAnswer {
  readonly status: number;
  readonly body: unknown;
}

/**
 * Puts a stream together to what the relay would have answered to a request without `stream`.
 * @param keepIds the caller asked for ids
 * @throws CodedError `answer_cut` for a stream without its end; whatever reading throws
 */
export async function collectAnswer(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  keepIds: boolean,
): Promise<WholeAnswer> {
  const collectors: ChoiceCollector[] = [];
  let first: ChatChunk | undefined;
  let usage: unknown = null;
  let promptIds: number[] = [];
  let isWhole = false;
  for await (const { data } of readEvents(stream)) {
    if (data === '[DONE]') isWhole = true;
    const chunk = data === undefined ? undefined : parseChatChunk(data);
    if (!chunk) continue;
    if (chunk.error !== undefined) return failed(chunk.error);
    first ??= chunk;
    for (const { index = 0, ...piece } of chunk.choices ?? [])
      (collectors[index] ??= createChoiceCollector(index, keepIds)).add(piece);
    usage = chunk.usage ?? usage;
    promptIds = chunk.prompt_token_ids ?? promptIds;
  }
  if (!isWhole || !first) throw new CodedError('answer_cut', 'The answer ended before it was whole.');
  const { id, created, model, system_fingerprint } = first;
  const body = {
    id,
    object: 'chat.completion',
    created,
    model,
    system_fingerprint,
    choices: Object.values(collectors).map((collector) => collector.whole()),
    usage,
  };
  return { status: 200, body: { ...body, ...(keepIds ? { prompt_token_ids: promptIds } : {}) } };
}

function failed(error: unknown): WholeAnswer {
  const type = (error as { type?: unknown } | null)?.type;
  return { status: STATUS_OF[String(type)] ?? 500, body: { error } };
}
