import { z } from 'zod';
import { parseJson } from './payment-messages.ts';

const ids = z.array(z.int().min(0));

const toolCallSchema = z.looseObject({
  index: z.int().min(0).max(1023),
  id: z.string().optional(),
  type: z.literal('function').optional(),
  function: z.looseObject({ name: z.string().optional(), arguments: z.string().optional() }).optional(),
});

const chunkSchema = z.looseObject({
  prompt_token_ids: ids.optional(),
  choices: z
    .array(
      z.looseObject({
        index: z.int().min(0).max(127).optional(),
        delta: z
          .looseObject({
            role: z.string().optional(),
            content: z.string().nullish(),
            tool_calls: z.array(toolCallSchema).nullish(),
          })
          .optional(),
        logprobs: z.looseObject({ content: z.array(z.unknown()).nullish() }).nullish(),
        finish_reason: z.string().nullish(),
        token_ids: ids.optional(),
      }),
    )
    .optional(),
  usage: z.unknown().optional(),
  error: z.unknown().optional(),
});

/** One `data` event of a chat stream. */
export type ChatChunk = z.output<typeof chunkSchema>;

export function parseChatChunk(data: string): ChatChunk | undefined {
  return chunkSchema.safeParse(parseJson(data)).data;
}

/**
 * In JSON a comma before a quote stands outside of strings, or ends one that this name can't follow: so this finds
 * members and never text that looks like one.
 */
const ID_MEMBERS = /,\s*"(?:prompt_)?token_ids"\s*:\s*\[[\d,\s]*\]/g;

/**
 * An event as the relay would have sent it to somebody who asked for no ids: all other bytes stay as they came.
 * @returns undefined for an event that was there for its ids only
 */
export function withoutIds(raw: string, chunk: ChatChunk): string | undefined {
  const [choice] = chunk.choices ?? [];
  const hasIds = choice?.token_ids !== undefined || chunk.prompt_token_ids !== undefined;
  if (!hasIds) return raw;
  const isBare =
    choice !== undefined &&
    (choice.delta?.content ?? '') === '' &&
    !choice.delta?.tool_calls?.length &&
    !choice.logprobs?.content?.length &&
    choice.delta?.role === undefined &&
    (choice.finish_reason ?? null) === null;
  return isBare ? undefined : raw.replace(ID_MEMBERS, '');
}
