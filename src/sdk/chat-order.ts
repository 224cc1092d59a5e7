import { z } from 'zod';
import { utf8 } from '../core/bytes.ts';
import { CHAT_PATH } from './channel-requests.ts';
import type { PaidOrder } from './paid-order.ts';
import { parseJson } from './payment-messages.ts';

const bodySchema = z.looseObject({
  model: z.string(),
  messages: z.array(z.unknown()),
  stream: z.boolean().nullish(),
  stream_options: z.unknown().optional(),
  return_token_ids: z.boolean().nullish(),
  max_tokens: z.int().min(1).nullish(),
  max_completion_tokens: z.int().min(1).nullish(),
  n: z.int().min(1).max(128).nullish(),
});

/** A chat request as its caller sent it, and as far as this client cares. */
export interface ChatOrder extends PaidOrder {
  readonly wantsStream: boolean;
  readonly wantsIds: boolean;
  /**
   * The body that the relay gets: always a stream, always with ids, so that each can be counted before more is paid.
   * @param maxTokens where given, what the budget allows
   */
  bodyOf(maxTokens?: number): string;
}

const TEMPLATE_TOKENS = 512;
const TOKENS_PER_MESSAGE = 32;

/** Undefined for what is no chat request that this client understands: the relay will say what is wrong with it. */
export function readChatOrder(text: string): ChatOrder | undefined {
  const parsed = bodySchema.safeParse(parseJson(text));
  if (!parsed.success) return undefined;
  const body = parsed.data;
  const wantsStream = body.stream === true;
  // Only streams have options: the relay refuses this by name, which it would not do for the stream that we ask for.
  if (!wantsStream && body.stream_options !== undefined && body.stream_options !== null) return undefined;
  const limits = [body.max_tokens, body.max_completion_tokens].filter((limit) => typeof limit === 'number');
  return {
    path: CHAT_PATH,
    model: body.model,
    wantsStream,
    wantsIds: body.return_token_ids === true,
    choices: body.n ?? 1,
    maxTokens: limits.length > 0 ? Math.min(...limits) : undefined,
    promptTokensAtMost: utf8(text).length + TOKENS_PER_MESSAGE * body.messages.length + TEMPLATE_TOKENS,
    bodyOf(maxTokens) {
      const name = typeof body.max_completion_tokens === 'number' ? 'max_completion_tokens' : 'max_tokens';
      return JSON.stringify({
        ...body,
        stream: true,
        return_token_ids: true,
        ...(wantsStream ? {} : { stream_options: { include_usage: true } }),
        ...(maxTokens === undefined ? {} : { max_tokens: undefined, [name]: maxTokens }),
      });
    },
  };
}
