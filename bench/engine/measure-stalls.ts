/** What a long prompt costs those that decode while it is prefilled. */
import type { OnnxEngine } from '../../src/engine/onnx/onnx-engine.ts';
import { median } from '../quantile.ts';
import { runStreams, type StreamTimes } from './run-streams.ts';

export interface StallMeasures {
  /** The longest time between two tokens of a stream while a long prompt was prefilled beside it, in ms. */
  readonly worstGapMs: number;
  /** The median of its gaps meanwhile. */
  readonly gapMs: number;
  /** From the long prompt's order to its first token. */
  readonly promptMs: number;
}

export interface FairnessMeasures {
  /** From the order of a short prompt to its first token, with nobody else there. */
  readonly aloneMs: number;
  /** The same right after two long ones, which began before. */
  readonly behindMs: number;
}

const SHORT = 40;
/** Tokens after which the long prompt comes: the stream is at its pace by then. */
const WARM = 4;

export async function measureStall(engine: OnnxEngine, prompt: number, salt: number): Promise<StallMeasures> {
  const abort = new AbortController();
  let long: Promise<StreamTimes> | undefined;
  let [begins, ends] = [0, Number.POSITIVE_INFINITY];
  const marks: number[] = [];
  const onToken = (tokens: number): void => {
    marks.push(performance.now());
    if (tokens !== WARM) return;
    begins = performance.now();
    const order = { count: 1, promptLength: prompt, maxTokens: 1, salt };
    long = runStreams(engine, order).then((times) => {
      ends = performance.now();
      abort.abort();
      return times;
    });
  };
  const room = engine.capabilities.context - SHORT;
  const order = { count: 1, promptLength: 1, maxTokens: room, salt, onToken, signal: abort.signal };
  await runStreams(engine, order);
  const gaps = marks.slice(1).flatMap((at, i) => (at > begins && marks[i]! < ends ? [at - marks[i]!] : []));
  return { worstGapMs: Math.max(...gaps), gapMs: median(gaps), promptMs: (await long!).firstMs[0]! };
}

export async function measureFairness(
  engine: OnnxEngine,
  prompt: number,
  salt: number,
): Promise<FairnessMeasures> {
  const short = async (more: number): Promise<number> => {
    const order = { count: 1, promptLength: SHORT, maxTokens: 1, salt: salt + more };
    return (await runStreams(engine, order)).firstMs[0]!;
  };
  await short(0);
  const aloneMs = await short(1);
  const abort = new AbortController();
  const order = { promptLength: prompt, maxTokens: 1, salt, signal: abort.signal };
  const long = runStreams(engine, { ...order, count: 2 });
  const behindMs = await short(2);
  abort.abort();
  await long;
  return { aloneMs, behindMs };
}
