import { type DecodeSpec, MAX_BIASED, plainSpec } from '../../protocol/wire/decode-spec.ts';
import { invalidValue, type Range, readDecimal, readInteger, readObject } from './parameter.ts';

/** Smallest share of the mass that can be asked for; OpenAI's 0 means the same: the likeliest token alone. */
const LEAST_TOP_P = 1e-6;

/** As far as any vocabulary goes. */
const MAX_ID = 2 ** 24;

/**
 * How tokens are chosen: OpenAI's controls, and `top_k` and `min_p` as vLLM names them.
 * @returns what is left of the parameters, too
 */
export function readSampling(parameters: Readonly<Record<string, unknown>>): {
  sampling: DecodeSpec;
  others: Readonly<Record<string, unknown>>;
} {
  const { temperature, top_p, top_k, min_p, frequency_penalty, presence_penalty, logit_bias, ...others } =
    parameters;
  const decimal = (name: string, value: unknown, otherwise: number, range: Range): number =>
    value === undefined ? otherwise : readDecimal(name, value, range);
  const penalty = { min: -2, max: 2 };
  const sampling: DecodeSpec = {
    ...plainSpec(decimal('temperature', temperature, 1, { min: 0, max: 2 })),
    topP: Math.max(LEAST_TOP_P, decimal('top_p', top_p, 1, { min: 0, max: 1 })),
    topK: top_k === undefined ? 0 : Math.max(0, readInteger('top_k', top_k, { min: -1, max: MAX_ID })),
    minP: decimal('min_p', min_p, 0, { min: 0, max: 1 }),
    frequencyPenalty: decimal('frequency_penalty', frequency_penalty, 0, penalty),
    presencePenalty: decimal('presence_penalty', presence_penalty, 0, penalty),
    logitBias: logit_bias === undefined ? [] : readBias(logit_bias),
  };
  return { sampling, others };
}

/** A map from ids, as strings, to what is added to their logits. Entries of 0 change nothing. */
function readBias(value: unknown): [number, number][] {
  const entries = Object.entries(readObject('logit_bias', value));
  if (entries.length > MAX_BIASED)
    throw invalidValue('logit_bias', `it may name ${MAX_BIASED} tokens, but names ${entries.length}.`);
  return entries
    .map(([key, bias]): [number, number] => {
      const id = Number(key);
      if (!/^(0|[1-9]\d*)$/.test(key) || id > MAX_ID)
        throw invalidValue('logit_bias', 'its keys must be token ids, written as decimal numbers.');
      return [id, readDecimal(`logit_bias.${key}`, bias, { min: -100, max: 100 })];
    })
    .filter(([, bias]) => bias !== 0)
    .sort(([a], [b]) => a - b);
}
