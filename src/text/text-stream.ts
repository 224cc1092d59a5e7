import type { Tokenizer } from './tokenizer.ts';

/** Ids in, text out, piece by piece, never half a character. */
export interface TextStream {
  /** The text that became certain with these ids; often empty in the middle of a multi-byte character. */
  push(ids: readonly number[]): string;
  /** What is left at the end: U+FFFD where the ids stop inside a character. */
  end(): string;
}

/**
 * Decodes a growing list of ids incrementally. Each step decodes a short window twice, with and without the new ids,
 * because a token's text can depend on its neighbour (leading spaces, split UTF-8).
 */
export function createTextStream(tokenizer: Tokenizer): TextStream {
  let window: number[] = [];
  /** How many ids of the window have been given out as text. */
  let settled = 0;
  let settledText = '';

  function advance(text: string): string {
    const piece = text.slice(settledText.length);
    window = window.slice(settled);
    settled = window.length;
    settledText = tokenizer.decode(window);
    return piece;
  }

  function push(ids: readonly number[]): string {
    window.push(...ids);
    const text = tokenizer.decode(window);
    if (text.length > settledText.length && !text.endsWith('\uFFFD')) return advance(text);
    if (ids.length <= 1) return '';
    // Several ids that end in half a character: what comes before it is certain all the same.
    window.length -= ids.length;
    return ids.map((id) => push([id])).join('');
  }

  return {
    push,
    end: () => advance(tokenizer.decode(window)),
  };
}
