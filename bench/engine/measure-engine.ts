/** What `bench engine` measures on one engine, in Node or in a browser. */
import { plainSpec } from '../../src/protocol/wire/decode-spec.ts';
import type { OnnxEngine } from '../../src/engine/onnx/onnx-engine.ts';
import { median } from '../quantile.ts';

export interface EngineLoad {
  /** Numbers of streams to decode together; at most the engine's slots. */
  readonly streams: readonly number[];
  /** Output tokens of each stream. */
  readonly tokens: number;
  /** Steps that are timed at each of two positions. */
  readonly steps: number;
}

export interface EngineMeasures {
  readonly tokensPerSecond: Readonly<Record<string, number>>;
  /** A step of so many streams, in ms. */
  readonly stepMs: Readonly<Record<string, number>>;
  /** A prompt token, in a prompt of 900, in ms. */
  readonly prefillMsPerToken: number;
  /** The longest that one prefill piece of it took: what it stalls the others by, in ms. */
  readonly prefillPieceMs: number;
  /** A step of one stream, in ms. */
  readonly stepMsAtPosition: { readonly 100: number; readonly 900: number };
  /** Share of the loop's time in which the graph was not at work, at the largest number of streams. */
  readonly outsideRunShare: number;
  readonly readBackBytesPerToken: number;
}

const VOCAB_STRIDE = 37;

export async function measureEngine(
  engine: OnnxEngine,
  { streams, tokens, steps }: EngineLoad,
  tell: (line: string) => void,
): Promise<EngineMeasures> {
  // Warms up; prompts of one token let all streams begin with the same step.
  await run(engine, Math.max(...streams), 1, 2);
  await run(engine, 1, 130, 2);
  const tokensPerSecond: Record<string, number> = {};
  const stepMs: Record<string, number> = {};
  let [outsideRunShare, readBackBytesPerToken] = [0, 0];
  for (const count of streams) {
    const before = engine.phases();
    const { ms, gaps } = await run(engine, count, 1, tokens);
    const after = engine.phases();
    tokensPerSecond[count] = (count * (tokens - 1)) / (ms / 1000);
    stepMs[count] = median(gaps);
    outsideRunShare = 1 - (after.graphMs - before.graphMs) / (after.busyMs - before.busyMs);
    readBackBytesPerToken = (after.readBackBytes - before.readBackBytes) / (count * tokens);
    tell(`${count} streams: ${tokensPerSecond[count].toFixed(1)} tokens/s`);
  }
  const at = async (position: number): Promise<number> =>
    median((await run(engine, 1, position, steps)).gaps);
  const at100 = await at(100);
  const began = performance.now();
  await run(engine, 1, 900, 1);
  const prefillMs = performance.now() - began;
  const at900 = await at(900);
  tell(`a step at position 100: ${at100.toFixed(2)} ms, at 900: ${at900.toFixed(2)} ms`);
  return {
    tokensPerSecond,
    stepMs,
    prefillMsPerToken: prefillMs / 900,
    prefillPieceMs: engine.timings().worstStepMs,
    stepMsAtPosition: { 100: at100, 900: at900 },
    outsideRunShare,
    readBackBytesPerToken,
  };
}

/** Runs `count` streams; `ms` is from the first token to the last, `gaps` are the times between one stream's tokens. */
async function run(
  engine: OnnxEngine,
  count: number,
  promptLength: number,
  maxTokens: number,
): Promise<{ ms: number; gaps: number[] }> {
  const gaps: number[] = [];
  let first = Number.POSITIVE_INFINITY;
  const spec = plainSpec(0.9);
  const read = async (index: number): Promise<void> => {
    const tokens = Array.from(
      { length: promptLength },
      (_, i) => (i * VOCAB_STRIDE + index) % engine.capabilities.vocab,
    );
    const seed = `0x${index.toString(16).padStart(16, '0')}`;
    let last: number | undefined;
    for await (const _ of engine.open({ tokens, spec, seed, maxTokens, stopIds: [] })) {
      const now = performance.now();
      if (last === undefined) first = Math.min(first, now);
      else gaps.push(now - last);
      last = now;
    }
  };
  await Promise.all(Array.from({ length: count }, (_, index) => read(index)));
  return { ms: performance.now() - first, gaps };
}
