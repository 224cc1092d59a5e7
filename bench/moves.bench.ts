import { build } from 'vite';
import { LocalNetwork } from '../scripts/network/local-network.ts';
import { createPayingAgent } from '../scripts/network/paying-agent.ts';
import { LOSS_KINDS, loseOneTab, type LossRound } from '../scripts/network/loss-round.ts';
import type { Benchmark } from './benchmark.ts';
import { median, quantile } from './quantile.ts';

const MODEL = 'shakespeare-1m-fp32';

/** Real tabs, real losses, real times: how soon a loss is noticed, and how soon the stream goes on. */
export const benchmark: Benchmark = {
  name: 'moves',
  description:
    'three tabs on wasm, four paid streams, one tab lost at a time, 40 times: detection and resumption',
  options: { count: 'count' },
  async run({ options, signal, tell }) {
    const count = Number(options['count'] ?? 40);
    await build({ logLevel: 'error' });
    const network = await LocalNetwork.start({ model: MODEL, backend: 'wasm', slots: 4, paid: true });
    const rounds: LossRound[] = [];
    try {
      const agent = await createPayingAgent(network, '0.95');
      for (let i = 0; i < 3; i++) await network.addTab();
      for (let i = 0; i < count && !signal.aborted; i++) {
        const kind = LOSS_KINDS[i % LOSS_KINDS.length]!;
        const round = await loseOneTab(network, {
          model: MODEL,
          kind,
          streams: 4,
          tokens: 240,
          moment: Math.random(),
          agent,
        });
        rounds.push(round);
        tell(`${i + 1}/${count} ${kind}: ${round.moves.length} moved, ${round.problems.length} problems`);
        for (const problem of round.problems) tell(`  ${problem}`);
      }
    } finally {
      await network.close();
    }
    const rows = [
      ...LOSS_KINDS.map((kind) =>
        rowOf(
          kind,
          rounds.filter((round) => round.kind === kind),
        ),
      ),
      rowOf('all', rounds),
    ];
    return { table: rows, json: { name: 'moves', backend: 'wasm', rows } };
  },
};

function rowOf(loss: string, rounds: readonly LossRound[]) {
  const moves = rounds.flatMap(({ moves: of }) => of);
  const detection = moves.map(({ detectionMs }) => detectionMs);
  const resumption = moves.map(({ resumptionMs }) => resumptionMs);
  const round = (value: number): number => Math.round(value);
  return {
    loss,
    losses: rounds.length,
    streamsMoved: moves.length,
    problems: rounds.reduce((sum, { problems }) => sum + problems.length, 0),
    detectP50Ms: round(median(detection)),
    detectMaxMs: round(quantile(detection, 1)),
    resumeP50Ms: round(median(resumption)),
    resumeMaxMs: round(quantile(resumption, 1)),
  };
}
