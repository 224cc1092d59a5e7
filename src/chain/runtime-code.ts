import type { Hex } from '../core/bytes.ts';

/** A contract's code as the compiler left it, with zeros in the gaps where a constructor writes. */
export interface RuntimeCode {
  readonly code: string;
  /** Start and length of each gap, in bytes, in rising order. */
  readonly gaps: readonly (readonly [start: number, length: number])[];
}

/** Whether what lies on the chain is this code, whatever its constructor wrote into it. */
export function isCodeOf(found: Hex, { code, gaps }: RuntimeCode): boolean {
  if (found.length !== code.length) return false;
  let filled = found.toLowerCase();
  for (const [start, length] of gaps) {
    const [from, to] = [2 + 2 * start, 2 + 2 * (start + length)];
    filled = filled.slice(0, from) + '0'.repeat(to - from) + filled.slice(to);
  }
  return filled === code.toLowerCase();
}
