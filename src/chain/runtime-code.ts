import type { Hex } from '../core/bytes.ts';

/** A contract's code as the compiler left it, with zeros where its constructor writes immutables, one word each. */
export interface RuntimeCode<Name extends string> {
  readonly code: string;
  /** Where the copies of each immutable begin, in bytes: the code has one at each place that reads it. */
  readonly immutables: Readonly<Record<Name, readonly number[]>>;
}

/**
 * What a constructor wrote into this code: for each immutable the words that lie at its places, each word once, so that
 * an honest one has a single word. Undefined where the code around them is other code.
 */
export function readImmutables<Name extends string>(
  found: Hex,
  { code, immutables }: RuntimeCode<Name>,
): Record<Name, readonly Hex[]> | undefined {
  if (found.length !== code.length) return undefined;
  const lower = found.toLowerCase();
  const words = {} as Record<Name, readonly Hex[]>;
  let bare = lower;
  for (const [name, places] of Object.entries(immutables) as [Name, readonly number[]][]) {
    const copies = new Set<Hex>();
    for (const place of places) {
      const [from, to] = [2 + 2 * place, 2 + 2 * (place + WORD)];
      copies.add(`0x${lower.slice(from, to)}`);
      bare = bare.slice(0, from) + '00'.repeat(WORD) + bare.slice(to);
    }
    words[name] = [...copies];
  }
  return bare === code.toLowerCase() ? words : undefined;
}

/** Bytes. */
const WORD = 32;
