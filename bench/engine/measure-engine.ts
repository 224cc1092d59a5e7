/** What `bench engine` measures on one engine, in Node or in a browser. */
import type { OnnxEngine } from '../../src/engine/onnx/onnx-engine.ts';
import { runStreams } from './run-streams.ts';

export interface EngineLoad {
  /** Numbers of streams to decode together; at most the engine's slots. */
  readonly streams: readonly number[];
  /** Output tokens of each stream. */
  readonly tokens: number;
  /** For each number of streams; the best one counts. */
  readonly rounds: number;
  /** Steps that are timed at each of two positions. */
  readonly steps: number;
  /** Tokens of a long prompt. */
  readonly prompt: number;
}

export interface EngineMeasures {
  /** Of the best round, like the next one and the shares. */
  readonly tokensPerSecond: Readonly<Record<string, number>>;
  /** A step of so many streams, in ms. */
  readonly stepMs: Readonly<Record<string, number>>;
  /** A prompt token, in a long prompt that nobody waits for, in ms. */
  readonly prefillMsPerToken: number;
  /** A step of one stream, in ms, at position 100 and after the long prompt. */
  readonly stepMsAtPosition: { readonly early: number; readonly late: number };
  /** Share of the loop's time in which the graph was not at work, by the number of streams. */
  readonly outsideRunShares: Readonly<Record<string, number>>;
  /** The same at the largest number of streams. */
  readonly outsideRunShare: number;
  readonly readBackBytesPerToken: number;
}

const EARLY = 100;

export async function measureEngine(
  engine: OnnxEngine,
  { streams, tokens, rounds, steps, prompt }: EngineLoad,
  tell: (line: string) => void,
): Promise<EngineMeasures> {
  // Warms up; prompts of one token let all streams begin with the same step.
  await runStreams(engine, { count: Math.max(...streams), promptLength: 1, maxTokens: 2 });
  await runStreams(engine, { count: 1, promptLength: 130, maxTokens: 2 });
  const tokensPerSecond: Record<string, number> = {};
  const stepMs: Record<string, number> = {};
  const outsideRunShares: Record<string, number> = {};
  let readBackBytesPerToken = 0;
  for (const count of streams) {
    await runStreams(engine, { count, promptLength: 1, maxTokens: 2 });
    // Whatever else runs on the machine can only slow a round down.
    tokensPerSecond[count] = 0;
    for (let round = 0; round < rounds; round++) {
      const before = engine.phases();
      const { ms } = await runStreams(engine, { count, promptLength: 1, maxTokens: tokens });
      const after = engine.phases();
      const rate = (count * (tokens - 1)) / (ms / 1000);
      if (rate <= tokensPerSecond[count]) continue;
      tokensPerSecond[count] = rate;
      stepMs[count] = ms / (tokens - 1);
      outsideRunShares[count] = 1 - (after.graphMs - before.graphMs) / (after.busyMs - before.busyMs);
      readBackBytesPerToken = (after.readBackBytes - before.readBackBytes) / (count * tokens);
    }
    tell(`${count} streams: ${tokensPerSecond[count].toFixed(1)} tokens/s`);
  }
  // Over many steps: a browser's clock counts tenths of a millisecond.
  const at = async (promptLength: number): Promise<number> => {
    let best = Number.POSITIVE_INFINITY;
    for (let round = 0; round < rounds; round++) {
      best = Math.min(best, (await runStreams(engine, { count: 1, promptLength, maxTokens: steps })).ms);
    }
    return best / (steps - 1);
  };
  const early = await at(EARLY);
  const began = performance.now();
  await runStreams(engine, { count: 1, promptLength: prompt, maxTokens: 1 });
  const prefillMs = performance.now() - began;
  const late = await at(prompt);
  tell(`a step at position ${EARLY}: ${early.toFixed(2)} ms, at ${prompt}: ${late.toFixed(2)} ms`);
  return {
    tokensPerSecond,
    stepMs,
    prefillMsPerToken: prefillMs / prompt,
    stepMsAtPosition: { early, late },
    outsideRunShares,
    outsideRunShare: outsideRunShares[Math.max(...streams)]!,
    readBackBytesPerToken,
  };
}
