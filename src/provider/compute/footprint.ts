import type { ErrorBody } from '../../core/errors.ts';

/** What decides how much memory a model takes here. */
export interface Footprint {
  readonly slots: number;
  /** Tokens of a stream; absent: as many as the model has. */
  readonly context?: number;
}

/** What was given up so that the model fits, and why. */
export interface Reduction extends Footprint {
  readonly reason: ErrorBody;
}

const LEAST_CONTEXT = 512;
/** Codes that fewer streams help against. */
const CODES: ReadonlySet<string> = new Set(['out_of_memory', 'memory_budget']);

/** The next smaller footprint after a failure: half the streams, then half the context; nothing where neither helps. */
export function reduce({ slots, context }: Footprint, whole: number, code: string): Footprint | undefined {
  if (!CODES.has(code)) return undefined;
  if (slots > 1) return { slots: slots >> 1, ...(context ? { context } : {}) };
  const half = (context ?? whole) >> 1;
  return half >= LEAST_CONTEXT ? { slots, context: half } : undefined;
}
