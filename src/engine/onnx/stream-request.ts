import { CodedError } from '../../core/errors.ts';
import {
  type DecodeSpec,
  decodeSpecHash,
  decodeSpecSchema,
  plainSpec,
} from '../../protocol/wire/decode-spec.ts';
import { MAX_TOP, TOP_COUNT } from '../../protocol/wire/sample.ts';
import { POSITION_BITS } from '../../protocol/wire/sampling-noise.ts';
import type { StreamRequest } from '../engine.ts';

/**
 * Refuses what could not be run to its end.
 * @throws CodedError `prompt_empty`, `context_exceeded`, `token_invalid`, `request_invalid`, `decode_spec_unsupported`
 */
export function checkRequest(request: StreamRequest, context: number, vocab: number): void {
  const { tokens, spec, seed, choice = 0, maxTokens, credit, outputStart, topLogprobs } = request;
  if (tokens.length === 0) throw new CodedError('prompt_empty', 'A prompt needs at least one token.');
  if (tokens.length >= context) {
    const message = 'The prompt leaves no room for an answer in the context of this model.';
    throw new CodedError('context_exceeded', message, { tokens: tokens.length, context });
  }
  const bad = tokens.findIndex((id) => !Number.isInteger(id) || id < 0 || id >= vocab);
  if (bad >= 0) {
    const message = 'A token id is not in the vocabulary of this model.';
    throw new CodedError('token_invalid', message, { index: bad, id: tokens[bad], vocab });
  }
  if (!decodeSpecSchema.safeParse(spec).success || !isApplied(spec, topLogprobs)) {
    throw new CodedError(
      'decode_spec_unsupported',
      'This engine does not know how to decode by these rules.',
      { spec },
    );
  }
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

/** Whether every control of the spec is one that the samplers apply. */
function isApplied(spec: DecodeSpec, topLogprobs = 0): boolean {
  if (topLogprobs > TOP_COUNT && topLogprobs <= MAX_TOP) return false;
  return decodeSpecHash(spec) === decodeSpecHash(plainSpec(spec.temperature));
}

function requireInteger(field: string, value: number, least: number, most = Number.MAX_SAFE_INTEGER): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  const message = `${field} must be a whole number between ${least} and ${most}.`;
  throw new CodedError('request_invalid', message, { field, value });
}
