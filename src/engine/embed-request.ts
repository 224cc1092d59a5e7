import { CodedError } from '../core/errors.ts';
import type { EmbedderCapabilities, EmbedRequest } from './embedder.ts';

/**
 * Refuses what could not be embedded.
 * @throws CodedError `inputs_empty`, `input_empty`, `token_invalid`, `context_exceeded`, `dimensions_unsupported`
 */
export function checkEmbedRequest({ inputs, dimensions }: EmbedRequest, limits: EmbedderCapabilities): void {
  const { context, vocab, leastDimensions, dimensions: most } = limits;
  if (inputs.length === 0) throw new CodedError('inputs_empty', 'There is nothing to embed.');
  for (const [input, ids] of inputs.entries()) {
    if (ids.length === 0) throw new CodedError('input_empty', 'An input has no token.', { input });
    if (ids.length > context) {
      const message = 'An input is longer than the context of this model.';
      throw new CodedError('context_exceeded', message, { input, tokens: ids.length, context });
    }
    const bad = ids.find((id) => !Number.isInteger(id) || id < 0 || id >= vocab);
    if (bad !== undefined) {
      const message = 'A token id is not in the vocabulary of this model.';
      throw new CodedError('token_invalid', message, { input, id: bad, vocab });
    }
  }
  if (dimensions === undefined) return;
  if (Number.isInteger(dimensions) && dimensions >= leastDimensions && dimensions <= most) return;
  const message =
    leastDimensions === most
      ? `The vectors of this model have ${most} numbers and can't be cut.`
      : `The vectors of this model can be cut to ${leastDimensions} to ${most} numbers.`;
  throw new CodedError('dimensions_unsupported', message, { dimensions, least: leastDimensions, most });
}
