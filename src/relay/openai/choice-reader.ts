import type { ToolCallDelta, TokenLogprob } from '../../protocol/openai/chat-choice.ts';
import type { Finish } from '../../protocol/wire/job.ts';
import type { TokenLogprobs } from '../../protocol/wire/logprobs.ts';
import { type AnswerPart, createToolCallReader } from '../../text/tool-calls.ts';
import type { Job } from '../jobs/job.ts';
import type { ChatRequest } from './chat-request.ts';
import { createLogprobsStream } from './token-logprobs.ts';

/** More of a choice, for whoever asked. Nothing in it that was not asked for. */
export interface ChoiceNews {
  readonly content: string;
  readonly calls: readonly ToolCallDelta[];
  readonly logprobs: readonly TokenLogprob[] | undefined;
  readonly ids: readonly number[] | undefined;
}

export type FinishReason = Finish | 'tool_calls';

/** Turns what a job's sink hears into what its choice says. */
export interface ChoiceReader {
  tokens(ids: readonly number[], text: string, logprobs: readonly TokenLogprobs[] | undefined): ChoiceNews;
  /** @param rest the last text, held back until the end was known */
  end(rest: string): ChoiceNews;
  /** Rule A2; known after `end`. */
  reason(finish: Finish): FinishReason;
}

export function createChoiceReader({ id, order }: Job, chat: ChatRequest): ChoiceReader {
  const { model, stop } = order;
  const calls = chat.tools.callable.length > 0 ? createToolCallReader() : undefined;
  const logprobs = chat.topLogprobs === undefined ? undefined : createLogprobsStream(model, stop);

  function newsOf(
    text: string,
    ids: readonly number[],
    entries: readonly TokenLogprob[] | undefined,
    isEnd: boolean,
  ): ChoiceNews {
    const own = { logprobs: entries, ids: chat.returnTokenIds ? ids : undefined };
    if (!calls) return { content: text, calls: [], ...own };
    const parts = [...calls.push(text), ...(isEnd ? calls.end() : [])];
    const content = parts.map((part) => (part.type === 'text' ? part.text : '')).join('');
    return { content, calls: callDeltas(parts, id), ...own };
  }

  return {
    tokens: (ids, text, more) => newsOf(text, ids, logprobs?.push(ids, more ?? []), false),
    end: (rest) => newsOf(rest, [], logprobs?.end(), true),
    reason: (finish) => (finish === 'stop' && calls && calls.whole > 0 ? 'tool_calls' : finish),
  };
}

/** One delta for each call: a repeated request hears the same ids, so they follow from the job's. */
function callDeltas(parts: readonly AnswerPart[], job: string): ToolCallDelta[] {
  const deltas = new Map<number, ToolCallDelta>();
  for (const part of parts) {
    if (part.type === 'text') continue;
    const { index } = part;
    if (part.type === 'call') {
      const id = `call_${job.slice(2, 26)}${index}`;
      deltas.set(index, { index, id, type: 'function', function: { name: part.name, arguments: '' } });
    } else {
      const before = deltas.get(index) ?? { index };
      const args = (before.function?.arguments ?? '') + part.text;
      deltas.set(index, { ...before, function: { ...before.function, arguments: args } });
    }
  }
  return [...deltas.values()];
}
