import { createStopScanner } from '../text/stop-strings.ts';
import { createTokenizer, type TokenizerFiles } from '../text/tokenizer.ts';
import type { StreamRequest } from './engine.ts';

/** Makes the `stopWhen` of a stream from its stop strings and the ids that earlier attempts delivered. */
export type StopFinder = (
  stop: readonly string[],
  prior: readonly number[],
) => NonNullable<StreamRequest['stopWhen']>;

/** A loaded model's way to find stop strings: ids are what travels, so the engine's side reads them as text itself. */
export function createStopFinder(files: TokenizerFiles): StopFinder {
  const tokenizer = createTokenizer(files);
  return (stop, prior) => createStopScanner(tokenizer, stop, prior);
}
