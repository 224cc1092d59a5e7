import { toHex } from '../../core/bytes.ts';
import { CodedError } from '../../core/errors.ts';
import type { Random } from '../../core/random.ts';
import { FRAME_CAP } from '../../protocol/constants.ts';
import type { DecodeSpec } from '../../protocol/wire/decode-spec.ts';
import type { RelayModel } from '../catalogue.ts';
import type { JobOrder } from '../jobs/job.ts';
import { constraintOf } from './answer-constraint.ts';
import type { ChatRequest } from './chat-request.ts';
import { invalidValue } from './parameter.ts';

/** No known tokenizer has a token of more characters: a text that is longer by far is refused without reading it. */
export const LONGEST_TOKEN = 256;

/** What an `assign` holds beside its token ids, at most: four stop strings, escaped, and the rest. */
const ASSIGN_BYTES = 8 * 1024;

/**
 * Prompt + output in tokens: the model's own limit, and what surely fits a frame when a job moves at its last token.
 * @param spec what grows with the request shares the frame
 */
export function usableContext({ context, vocab }: RelayModel, spec?: DecodeSpec): number {
  const bytesPerId = String(vocab - 1).length + 1;
  const { logitBias = [], constraint = '' } = spec ?? {};
  const bytes = ASSIGN_BYTES + JSON.stringify([logitBias, constraint]).length;
  return Math.max(0, Math.min(context, Math.floor((FRAME_CAP - bytes) / bytesPerId)));
}

/**
 * Turns a request into token ids and limits: what is asked for, before anybody says who pays.
 * @throws CodedError `context_length_exceeded`, `integer_above_max_value`, `invalid_value`, `chat_template_refused`, and
 * those of `constraintOf`
 */
export function createJobOrder(
  chat: ChatRequest,
  model: RelayModel,
  random: Random,
): Omit<JobOrder, 'agent' | 'only' | 'payment'> {
  const constraint = constraintOf(chat.format, chat.tools, model);
  const spec = { ...chat.spec, ...(constraint ? { constraint } : {}) };
  const context = usableContext(model, spec);
  if (chat.maxTokens !== undefined && chat.maxTokens > context) {
    const message = `max_tokens is too large: ${chat.maxTokens}. This model has room for ${context} tokens, prompt included.`;
    throw new CodedError('integer_above_max_value', message, { param: 'max_tokens' });
  }
  checkBias(chat.spec, model);
  const { shown } = chat.tools;
  const length = JSON.stringify([chat.messages, shown]).length;
  if (length > context * LONGEST_TOKEN) throw tooLong(context, `a text of ${length} characters`);
  const prompt = model.tokenizer.chat(chat.messages, shown);
  if (prompt.length >= context) throw tooLong(context, `${prompt.length} tokens`);
  return {
    model,
    prompt,
    spec,
    seed: chat.seed ?? toHex(random.bytes(8)),
    maxTokens: Math.min(chat.maxTokens ?? context, context - prompt.length),
    stop: chat.stop,
    ...(chat.topLogprobs === undefined ? {} : { topLogprobs: chat.topLogprobs }),
  };
}

/** @throws CodedError `invalid_value` */
function checkBias({ logitBias }: DecodeSpec, { id, vocab }: RelayModel): void {
  const last = logitBias.at(-1)?.[0] ?? 0;
  if (last >= vocab) throw invalidValue('logit_bias', `token ${last} is none of the ${vocab} of ${id}.`);
}

function tooLong(context: number, given: string): CodedError {
  const message = `This model's maximum context length is ${context} tokens, of which one must be left for the answer. Your messages resulted in ${given}.`;
  return new CodedError('context_length_exceeded', message, { param: 'messages' });
}
