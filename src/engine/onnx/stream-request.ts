import { CodedError } from '../../core/errors.ts';
import { decodeSpecSchema } from '../../protocol/wire/decode-spec.ts';
import { MAX_TOP } from '../../protocol/wire/sample.ts';
import { POSITION_BITS } from '../../protocol/wire/sampling-noise.ts';
import type { StreamRequest } from '../engine.ts';

/** What an engine can take. */
export interface EngineLimits {
  /** Largest prompt + output, in tokens. */
  readonly context: number;
  readonly vocab: number;
  /** It can keep an answer to a grammar. */
  readonly constrains: boolean;
}

/**
 * Refuses what could not be run to its end.
 * @throws CodedError `prompt_empty`, `context_exceeded`, `token_invalid`, `request_invalid`, `decode_spec_unsupported`
 */
export function checkRequest(request: StreamRequest, { context, vocab, constrains }: EngineLimits): void {
  const { tokens, spec, seed, choice = 0, maxTokens, credit, outputStart, topLogprobs } = request;
  if (tokens.length === 0) throw new CodedError('prompt_empty', 'A prompt needs at least one token.');
  if (tokens.length >= context) {
    const message = 'The prompt leaves no room for an answer in the context of this model.';
    throw new CodedError('context_exceeded', message, { tokens: tokens.length, context });
  }
  requireKnown(tokens, vocab);
  if (!decodeSpecSchema.safeParse(spec).success || (spec.constraint && !constrains)) {
    const message = 'This engine does not know how to decode by these rules.';
    throw new CodedError('decode_spec_unsupported', message, { spec });
  }
  requireKnown(
    spec.logitBias.map(([id]) => id),
    vocab,
  );
  requireInteger('maxTokens', maxTokens, 1);
  requireInteger('choice', choice, 0, 2 ** (32 - POSITION_BITS) - 1);
  if (credit !== undefined) requireInteger('credit', credit, 0);
  if (outputStart !== undefined) requireInteger('outputStart', outputStart, 1, tokens.length);
  if (topLogprobs !== undefined) requireInteger('topLogprobs', topLogprobs, 0, MAX_TOP);
  if (!/^0x[0-9a-f]{16}$/i.test(seed)) {
    throw new CodedError('request_invalid', 'A seed is 0x and 16 hexadecimal digits.', {
      field: 'seed',
      value: seed,
    });
  }
}

export function requireKnown(ids: readonly number[], vocab: number): void {
  const bad = ids.findIndex((id) => !Number.isInteger(id) || id < 0 || id >= vocab);
  if (bad < 0) return;
  const message = 'A token id is not in the vocabulary of this model.';
  throw new CodedError('token_invalid', message, { index: bad, id: ids[bad], vocab });
}

export function requireInteger(
  field: string,
  value: number,
  least: number,
  most = Number.MAX_SAFE_INTEGER,
): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  const message = `${field} must be a whole number between ${least} and ${most}.`;
  throw new CodedError('request_invalid', message, { field, value });
}
