import { plainSpec } from '../../protocol/wire/decode-spec.ts';
import type { Clock } from '../../core/clock.ts';
import { CodedError } from '../../core/errors.ts';
import type { Engine } from '../../engine/engine.ts';

export interface SelfTestOrder {
  /** Streams at once. */
  readonly streams: number;
  /** Output tokens of each. */
  readonly tokens: number;
  readonly prompt: readonly number[];
}

/** What the engine does with nobody in between: the bare loop that the path through a relay is measured against. */
export interface SelfTestResult {
  readonly streams: number;
  readonly tokens: number;
  /** From the order to the last token, in ms. */
  readonly totalMs: number;
  /** From the order to the first token of any stream, in ms. */
  readonly firstTokenMs: number;
}

/** Runs streams on an idle engine and times them. @throws CodedError `engine_busy`, and what the engine throws */
export async function runSelfTest(
  engine: Engine,
  { streams, tokens, prompt }: SelfTestOrder,
  clock: Pick<Clock, 'now'>,
): Promise<SelfTestResult> {
  const { active, waiting } = engine.timings();
  if (active + waiting > 0) throw new CodedError('engine_busy', 'The engine serves jobs now.');
  const began = clock.now();
  let firstTokenMs = Number.POSITIVE_INFINITY;
  let count = 0;
  const run = async (index: number): Promise<void> => {
    const seed = `0x${index.toString(16).padStart(16, '0')}`;
    const spec = plainSpec(0.9);
    for await (const _ of engine.open({ tokens: prompt, spec, seed, maxTokens: tokens, stopIds: [] })) {
      firstTokenMs = Math.min(firstTokenMs, clock.now() - began);
      count++;
    }
  };
  await Promise.all(Array.from({ length: streams }, (_, index) => run(index)));
  return { streams, tokens: count, totalMs: clock.now() - began, firstTokenMs };
}
