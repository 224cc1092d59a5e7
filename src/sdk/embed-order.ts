import { z } from 'zod';
import { utf8 } from '../core/bytes.ts';
import { EMBED_PATH } from './channel-requests.ts';
import type { PaidOrder } from './paid-order.ts';
import { parseJson } from './payment-messages.ts';

const ids = z.array(z.int().min(0));
const bodySchema = z.looseObject({
  model: z.string(),
  input: z.union([z.string(), z.array(z.string()), ids, z.array(ids)]),
  return_token_ids: z.boolean().nullish(),
});

/** A request for vectors as its caller sent it, and as far as this client cares. */
export interface EmbedOrder extends PaidOrder {
  readonly wantsIds: boolean;
  /** The inputs' ids, where the caller gave them. */
  readonly inputs: readonly (readonly number[])[] | undefined;
}

/** What a tokenizer puts around a text, at most. */
const TOKENS_PER_INPUT = 16;

/** Undefined for what is no request that this client understands: the relay will say what is wrong with it. */
export function readEmbedOrder(text: string): EmbedOrder | undefined {
  const parsed = bodySchema.safeParse(parseJson(text));
  if (!parsed.success) return undefined;
  const body = parsed.data;
  const { input } = body;
  const inputs = ids.safeParse(input).data;
  const lists = z.array(ids).safeParse(input).data;
  return {
    path: EMBED_PATH,
    model: body.model,
    wantsIds: body.return_token_ids === true,
    inputs: inputs ? [inputs] : lists,
    choices: 1,
    // Vectors have no output tokens; what a job without any costs is its prompt.
    maxTokens: 1,
    promptTokensAtMost: utf8(text).length + TOKENS_PER_INPUT * (Array.isArray(input) ? input.length : 1),
    // Always with ids: they are what is paid for.
    bodyOf: () => JSON.stringify({ ...body, return_token_ids: true }),
  };
}
