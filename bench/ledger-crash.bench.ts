import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { emptyState } from '../src/relay/ledger/record.ts';
import type { Benchmark } from './benchmark.ts';
import { crashOnce, type CrashRound } from './ledger/crash-round.ts';
import { CRASH_BOOK } from './ledger/crash-traffic.ts';
import { quantile } from './quantile.ts';

/** One ledger, one writer after the other killed with SIGKILL under load: minutes, and not part of the tests. */
export const benchmark: Benchmark = {
  name: 'ledger-crash',
  description:
    'kill -9 of the process that writes the ledger, 200 times: what is lost, doubled, and how long a start takes',
  options: { count: 'count', folder: 'text' },
  async run({ options, signal, tell }) {
    const count = Number(options['count'] ?? 200);
    const folder = await mkdtemp(join(String(options['folder'] ?? tmpdir()), 'ledger-crash-'));
    const rounds: CrashRound[] = [];
    try {
      let state = emptyState(CRASH_BOOK.unit);
      for (let seed = 0; seed < count && !signal.aborted; seed++) {
        const round = await crashOnce(join(folder, 'ledger.db'), seed, Math.random() * 1_000, state);
        ({ state } = round);
        rounds.push(round);
        for (const problem of round.problems) tell(`  ${problem}`);
        if (seed % 10 === 9) tell(`${seed + 1}/${count}`);
      }
    } finally {
      await rm(folder, { recursive: true });
    }
    const starts = rounds.map(({ openMs }) => openMs);
    const row = {
      kills: rounds.length,
      acknowledged: rounds.reduce((sum, { acknowledged }) => sum + acknowledged, 0),
      onTheirWay: rounds.reduce((sum, { acknowledged, durable }) => sum + durable - acknowledged, 0),
      problems: rounds.reduce((sum, { problems }) => sum + problems.length, 0),
      openP50Ms: quantile(starts, 0.5),
      openMaxMs: quantile(starts, 1),
    };
    return { table: [row], json: { name: 'ledger-crash', ...row } };
  },
};
