import { CodedError } from '../../core/errors.ts';
import type { ScoreRequest } from '../engine.ts';
import { checkRequest, type EngineLimits, requireInteger, requireKnown } from './stream-request.ts';

/**
 * Refuses what could not be scored to its end.
 * @throws CodedError as `checkRequest`
 */
export function checkScoreRequest(request: ScoreRequest, limits: EngineLimits): void {
  const { tokens, outputStart, from = outputStart } = request;
  if (tokens.length === 0) throw new CodedError('prompt_empty', 'There is nothing to score.');
  requireKnown(tokens, limits.vocab);
  // All but the last are fed.
  checkRequest(
    { ...request, tokens: tokens.slice(0, -1), outputStart: 1, maxTokens: 1, stopIds: [] },
    limits,
  );
  requireInteger('outputStart', outputStart, 1, tokens.length - 1);
  requireInteger('from', from, outputStart, tokens.length - 1);
}
