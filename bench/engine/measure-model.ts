/** All that `bench engine` measures of one model on one backend, in Node or in a browser. */
import type { OnnxEngine, OnnxEngineOptions } from '../../src/engine/onnx/onnx-engine.ts';
import { type EngineLoad, type EngineMeasures, measureEngine } from './measure-engine.ts';
import {
  type FairnessMeasures,
  measureFairness,
  measureStall,
  type StallMeasures,
} from './measure-stalls.ts';
import { runStreams } from './run-streams.ts';

export interface ModelMeasures extends EngineMeasures {
  readonly software: boolean;
  readonly loadMs: number;
  /** From the order of a stream with a prompt to its first token: the first after loading, and the third. */
  readonly firstTokenMs: { readonly first: number; readonly later: number };
  /** A long prompt beside a stream that decodes: prefilled at one go, and in pieces as the engine does. */
  readonly stall: { readonly whole: StallMeasures; readonly pieces: StallMeasures };
  readonly fairness: FairnessMeasures;
}

export type CreateEngine = (
  options: Pick<OnnxEngineOptions, 'slots' | 'prefillPiece'>,
) => Promise<OnnxEngine>;

export async function measureModel(
  create: CreateEngine,
  load: EngineLoad,
  tell: (line: string) => void,
): Promise<ModelMeasures> {
  const began = performance.now();
  const engine = await create({ slots: Math.max(...load.streams) });
  const loadMs = performance.now() - began;
  const first = async (): Promise<number> =>
    (await runStreams(engine, { count: 1, promptLength: 50, maxTokens: 1 })).firstMs[0]!;
  const firstTokenMs = { first: await first(), later: (await first()) && (await first()) };
  tell(`loaded in ${loadMs.toFixed(0)} ms, first token after ${firstTokenMs.first.toFixed(0)} ms`);
  const measures = await measureEngine(engine, load, tell);
  const pieces = await measureStall(engine, load.prompt, 1);
  const fairness = await measureFairness(engine, load.prompt, 2);
  await engine.close();

  const atOnce = await create({ slots: 2, prefillPiece: engine.capabilities.context });
  await runStreams(atOnce, { count: 1, promptLength: load.prompt, maxTokens: 2 });
  const whole = await measureStall(atOnce, load.prompt, 3);
  await atOnce.close();
  tell(
    `worst gap beside a long prompt: ${pieces.worstGapMs.toFixed(0)} ms, at one go ${whole.worstGapMs.toFixed(0)}`,
  );
  const { software } = engine.capabilities;
  return { software, loadMs, firstTokenMs, ...measures, stall: { whole, pieces }, fairness };
}
