import { createTextStream } from './text-stream.ts';
import type { Tokenizer } from './tokenizer.ts';

/** Cuts a text stream before the first stop string, wherever its pieces are divided. */
export interface StopCutter {
  /** The text that is certainly before any stop string; `hit` once one was found (then `text` ends before it). */
  push(piece: string): { text: string; hit: boolean };
  /** What was held back as a possible beginning of a stop string. */
  end(): string;
}

export function createStopCutter(stop: readonly string[]): StopCutter {
  let held = '';
  let done = false;
  return {
    push(piece) {
      if (done) return { text: '', hit: true };
      if (stop.length === 0) return { text: piece, hit: false };
      held += piece;
      const hits = stop.map((text) => held.indexOf(text)).filter((at) => at >= 0);
      if (hits.length > 0) {
        done = true;
        const text = held.slice(0, Math.min(...hits));
        held = '';
        return { text, hit: true };
      }
      const keep = Math.max(...stop.map((text) => overlap(held, text)));
      const text = held.slice(0, held.length - keep);
      held = held.slice(held.length - keep);
      return { text, hit: false };
    },
    end() {
      const rest = held;
      held = '';
      return rest;
    },
  };
}

/** Length of the longest end of `text` that begins `stop`. */
function overlap(text: string, stop: string): number {
  for (let length = Math.min(text.length, stop.length - 1); length > 0; length--) {
    if (text.endsWith(stop.slice(0, length))) return length;
  }
  return 0;
}

/**
 * The engine's side of stop strings: true with the id that completes one. After a move, `prior` holds what earlier
 * attempts delivered, so that a stop string across the border is found.
 */
export function createStopScanner(
  tokenizer: Tokenizer,
  stop: readonly string[],
  prior: readonly number[] = [],
): (id: number) => boolean {
  if (stop.length === 0) return () => false;
  const text = createTextStream(tokenizer);
  const cutter = createStopCutter(stop);
  for (const id of prior) cutter.push(text.push([id]));
  return (id) => cutter.push(text.push([id])).hit;
}
