/** How fast a lending engine gives its GPU back when something else begins to use it, and how fast it returns. */
import { systemClock } from '../../src/provider/compute/system-clock.ts';
import { Duty } from '../../src/provider/duty/duty.ts';
import type { Engine } from '../../src/engine/engine.ts';
import type { Pace } from '../../src/engine/pace.ts';
import { plainSpec } from '../../src/protocol/wire/decode-spec.ts';

export interface DutyRound {
  /** A step of all streams while nothing else runs, and while the game does: medians, in ms. */
  readonly stepMs: number;
  readonly loadedStepMs: number;
  /** Steps that began after the game did, until the tab yielded or eased. */
  readonly detectionSteps: number;
  readonly reaction: 'eased' | 'yielded';
  /** From the game's beginning to the first reaction, to the end of the last stream, in ms. */
  readonly reactionMs: number;
  readonly handBackMs: number | null;
  /** From the game's end until the tab takes jobs again, in ms. */
  readonly returnMs: number | null;
}

export interface RoundOptions {
  readonly engine: Engine;
  readonly streams: number;
  readonly start: () => Promise<void>;
  readonly stop: () => Promise<void>;
  /** Steps before the game, and the longest that it plays, in ms. */
  readonly before: number;
  readonly playMs: number;
  readonly returnMs: number;
}

export async function playDutyRound(options: RoundOptions): Promise<DutyRound> {
  const { engine, streams, start, stop, before, playMs, returnMs } = options;
  const quiet: number[] = [];
  const loud: number[] = [];
  let [began, stepsAfter, over] = [Number.POSITIVE_INFINITY, 0, false];
  let reaction: { kind: 'eased' | 'yielded'; at: number; steps: number } | undefined;
  let [handedBackAt, returnedAt] = [0, 0];
  const jobs = new AbortController();
  const now = (): number => performance.now();
  const react = (kind: 'eased' | 'yielded'): void => {
    if (now() >= began) reaction ??= { kind, at: now(), steps: stepsAfter };
  };
  const paced: Engine = { ...engine, setPace: (pace) => engine.setPace(watch(pace)) };
  const watch = (pace: Pace): Pace => ({
    afterStep(kind, size, length, ms) {
      const loaded = now() - ms >= began;
      if (loaded && !reaction) stepsAfter++;
      if (kind === 'decode' && size === streams && !over) (loaded ? loud : quiet).push(ms);
      const rest = pace.afterStep(kind, size, length, ms);
      if (duty.status().mode === 'eased') react('eased');
      return rest;
    },
  });
  const duty = new Duty(
    {
      clock: systemClock,
      engine: paced,
      yields: () => {
        react('yielded');
        jobs.abort();
      },
      resumes: () => (returnedAt = now()),
      limitSlots: () => {},
      rests: () => false,
      failed: (error) => console.error(error.code),
    },
    { share: 1, giveWay: 'always' },
  );
  const work = Promise.all(Array.from({ length: streams }, () => serve(engine, jobs.signal))).then(
    () => (handedBackAt = now()),
  );
  await until(() => quiet.length >= before || jobs.signal.aborted);
  if (jobs.signal.aborted) {
    duty.stop();
    await work;
    throw new Error(
      'The machine is not quiet: something slowed the GPU before the game began. Close it, and run again.',
    );
  }
  await start();
  began = now();
  await until(() => handedBackAt > 0, playMs);
  await stop();
  const ended = now();
  over = true;
  if (handedBackAt > 0) await until(() => returnedAt > 0, returnMs);
  jobs.abort();
  await work;
  duty.stop();
  return {
    stepMs: median(quiet),
    loadedStepMs: median(loud),
    detectionSteps: reaction?.steps ?? Number.POSITIVE_INFINITY,
    reaction: reaction?.kind ?? 'eased',
    reactionMs: (reaction?.at ?? Number.POSITIVE_INFINITY) - began,
    handBackMs: reaction && !over ? null : handedBackAt > ended ? null : handedBackAt - began,
    returnMs: returnedAt > 0 ? returnedAt - ended : null,
  };
}

/** One job after the other in one slot, until somebody hands them back. */
async function serve(engine: Engine, signal: AbortSignal): Promise<void> {
  const maxTokens = engine.capabilities.context - 2;
  while (!signal.aborted) {
    try {
      const stream = engine.open({
        tokens: [1],
        spec: plainSpec(0.9),
        seed: '0x0000000000000001',
        maxTokens,
        stopIds: [],
        signal,
      });
      for await (const _ of stream) continue;
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}

async function until(holds: () => boolean, ms = 600_000): Promise<void> {
  const end = performance.now() + ms;
  while (!holds() && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 2));
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}
