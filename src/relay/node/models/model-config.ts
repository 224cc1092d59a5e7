import { z } from 'zod';
import { CodedError } from '../../../core/errors.ts';

const count = z.int().min(1);
const ids = z.union([z.int(), z.array(z.int())]).nullish();

/** What is read of a model's `config.json`; of no interest here is the rest. */
const configSchema = z.object({
  num_hidden_layers: count,
  num_attention_heads: count,
  num_key_value_heads: count.optional(),
  head_dim: count.nullish(),
  hidden_size: count,
  intermediate_size: count,
  vocab_size: count,
  max_position_embeddings: count,
  tie_word_embeddings: z.boolean().default(false),
  bos_token_id: z.int().nullish(),
  eos_token_id: ids,
});
const generationSchema = z.object({ eos_token_id: ids });

export interface ModelConfig {
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly hidden: number;
  readonly intermediate: number;
  readonly vocab: number;
  readonly tied: boolean;
  /** Positions that it was made for. */
  readonly positions: number;
  readonly bosTokenId: number | null;
  readonly eosTokenIds: readonly number[];
}

/**
 * Reads `config.json`, and the ends of answers from `generation_config.json`, which knows more of them.
 * @throws CodedError `model_config_invalid`
 */
export function readModelConfig(config: string, generation: string | undefined): ModelConfig {
  const read = parse('config.json', config, configSchema);
  const ends =
    generation === undefined ? undefined : parse('generation_config.json', generation, generationSchema);
  const heads = read.num_attention_heads;
  return {
    layers: read.num_hidden_layers,
    heads,
    kvHeads: read.num_key_value_heads ?? heads,
    headDim: read.head_dim ?? Math.floor(read.hidden_size / heads),
    hidden: read.hidden_size,
    intermediate: read.intermediate_size,
    vocab: read.vocab_size,
    tied: read.tie_word_embeddings,
    positions: read.max_position_embeddings,
    bosTokenId: read.bos_token_id ?? null,
    eosTokenIds: [ends?.eos_token_id ?? read.eos_token_id ?? []].flat(),
  };
}

function parse<T>(file: string, text: string, schema: z.ZodType<T>): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new CodedError('model_config_invalid', `${file} is not JSON.`, { file }, cause);
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issues = result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new CodedError('model_config_invalid', `${file} is not that of a decoder: ${issues[0]}.`, {
    file,
    issues,
  });
}
