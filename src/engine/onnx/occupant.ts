import type { Judge } from './decoder.ts';

/** What sits in a slot: a stream, whose prompt is fed in pieces before it decodes, or tokens to be scored. */
export interface Occupant {
  /** All of its tokens that are known, those that steps gave it included. */
  readonly tokens: readonly number[];
  /** Whose tokens these are, for the reuse of cached prefixes; absent: nobody reuses them (rule E1). */
  readonly scope: string | undefined;
  /** Tokens in the cache. */
  fed: number;
  /** Tokens to feed in pieces: all but the last one. */
  readonly prefillEnd: number;
  /** Feeding a token from this index on, its logits are judged; infinity, or no judge, where none are. */
  readonly judgedFrom: number;
  readonly judge: Judge | undefined;
  readonly done: boolean;
  fail(error: unknown): void;
}

export function isPrefilling({ fed, prefillEnd, done }: Occupant): boolean {
  return !done && fed < prefillEnd;
}

/** How many tokens two lists begin with in common, at most `most`. */
export function commonLength(a: readonly number[], b: readonly number[], most: number): number {
  const end = Math.min(a.length, b.length, most);
  let length = 0;
  while (length < end && a[length] === b[length]) length++;
  return length;
}
