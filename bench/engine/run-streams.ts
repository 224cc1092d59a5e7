import { plainSpec } from '../../src/protocol/wire/decode-spec.ts';
import type { Engine } from '../../src/engine/engine.ts';

const VOCAB_STRIDE = 37;

export interface StreamsOrder {
  readonly count: number;
  readonly promptLength: number;
  readonly maxTokens: number;
  /** Makes prompts differ from those of other calls. */
  readonly salt?: number;
  /** Called with the number of tokens that a stream has, after each. */
  readonly onToken?: (tokens: number) => void;
  /** Ends them early. */
  readonly signal?: AbortSignal;
}

export interface StreamTimes {
  /** From the first token of any stream to the last, in ms. */
  readonly ms: number;
  /** Times between two tokens of one stream, of all streams. */
  readonly gaps: number[];
  /** Of each stream, from its order to its first token. */
  readonly firstMs: number[];
}

/** Decodes `count` streams together, to their ends. */
export async function runStreams(engine: Engine, order: StreamsOrder): Promise<StreamTimes> {
  const { count, promptLength, maxTokens, salt = 0, onToken, signal } = order;
  const [gaps, firstMs]: [number[], number[]] = [[], []];
  const spec = plainSpec(0.9);
  let first = Number.POSITIVE_INFINITY;
  const read = async (index: number): Promise<void> => {
    const tokens = Array.from(
      { length: promptLength },
      (_, i) => (i * VOCAB_STRIDE + index + salt) % engine.capabilities.vocab,
    );
    const seed = `0x${index.toString(16).padStart(16, '0')}`;
    const opened = performance.now();
    let last: number | undefined;
    let given = 0;
    const ordered = { tokens, spec, seed, maxTokens, stopIds: [], ...(signal ? { signal } : {}) };
    for await (const _ of engine.open(ordered)) {
      const now = performance.now();
      if (last === undefined) {
        first = Math.min(first, now);
        firstMs.push(now - opened);
      } else gaps.push(now - last);
      last = now;
      onToken?.(++given);
    }
  };
  const reading = Array.from({ length: count }, (_, index) => read(index));
  for (const outcome of await Promise.allSettled(reading)) {
    if (outcome.status === 'rejected' && !signal?.aborted) throw outcome.reason;
  }
  return { ms: performance.now() - first, gaps, firstMs };
}
