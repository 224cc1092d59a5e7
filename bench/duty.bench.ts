import type { Benchmark } from './benchmark.ts';
import { ADAPTER_RULE, adapterOf, withPages } from './browser-pages.ts';
import type { DutyRound } from './duty/duty-round.ts';
import type { DutyResult } from './duty/page.ts';
import { median, quantile } from './quantile.ts';

const STREAMS = 2;
/** Of the game's matrices. On a GPU a dispatch is a heavy frame; the software adapter is slower by a thousand times. */
const SIDE = { machine: 4096, software: 256 } as const;

interface Lender {
  lend(streams: number, rounds: number): Promise<DutyResult>;
}
interface Player {
  prepareGame(side: number): Promise<void>;
  play(): Promise<void>;
  rest(): Promise<void>;
}

/** Two pages on one adapter: one lends, the other plays. */
export const benchmark: Benchmark = {
  name: 'duty',
  description: 'how fast a lending tab gives the GPU back to a game, and returns',
  options: { adapter: ADAPTER_RULE, rounds: 'count' },
  async run(context) {
    const rounds = Number(context.options['rounds'] ?? 5);
    const adapter = adapterOf(context);
    const result = await withPages(context, async (open) => {
      const player = await open('bench/duty/page.html');
      await player.waitForFunction(() => 'prepareGame' in globalThis);
      await player.evaluate(
        (side) => (globalThis as unknown as Player).prepareGame(side),
        SIDE[adapter] as number,
      );
      const lender = await open('bench/duty/page.html');
      await lender.exposeFunction('startGame', () =>
        player.evaluate(() => (globalThis as unknown as Player).play()),
      );
      await lender.exposeFunction('stopGame', () =>
        player.evaluate(() => (globalThis as unknown as Player).rest()),
      );
      await lender.waitForFunction(() => 'lend' in globalThis);
      return lender.evaluate(([streams, count]) => (globalThis as unknown as Lender).lend(streams, count), [
        STREAMS,
        rounds,
      ] as const);
    });
    return {
      table: result.rounds.map((round, i) => ({ round: i + 1, ...rowOf(round) })),
      json: { name: 'duty', software: adapter === 'software', ...result, ...summaryOf(result.rounds) },
    };
  },
};

function rowOf(round: DutyRound): Record<string, string | number> {
  const ms = (value: number | null): number | string => (value === null ? '–' : Math.round(value));
  return {
    'step ms': ms(round.stepMs),
    'in the game': ms(round.loadedStepMs),
    'noticed in steps': round.detectionSteps,
    reaction: round.reaction,
    'after ms': ms(round.reactionMs),
    'all handed back ms': ms(round.handBackMs),
    'back after the game ms': ms(round.returnMs),
  };
}

function summaryOf(rounds: readonly DutyRound[]) {
  const handBack = rounds.flatMap(({ handBackMs }) => (handBackMs === null ? [] : [handBackMs]));
  const back = rounds.flatMap(({ returnMs }) => (returnMs === null ? [] : [returnMs]));
  return {
    worstDetectionSteps: Math.max(...rounds.map(({ detectionSteps }) => detectionSteps)),
    handBackP50Ms: median(handBack),
    handBackMaxMs: quantile(handBack, 1),
    returnP50Ms: median(back),
    returnMaxMs: quantile(back, 1),
  };
}
