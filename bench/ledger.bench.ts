import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Ledger } from '../src/relay/ledger/ledger.ts';
import { openSqliteLedger } from '../src/relay/node/sqlite-ledger.ts';
import type { Benchmark } from './benchmark.ts';
import { BENCH_BOOK, type ChunkStream, openStreams } from './ledger/chunk-stream.ts';
import { quantile } from './quantile.ts';

/** Callers at once, and how many operations each commits together. */
const LOADS = [
  { callers: 1, group: 1 },
  { callers: 32, group: 1 },
  { callers: 256, group: 1 },
  { callers: 1024, group: 1 },
  { callers: 16, group: 64 },
  { callers: 64, group: 64 },
];
const SECONDS = 2;
/** The paced run: 1,000 streams with a chunk and a voucher each second. */
const PACE = { streams: 1_000, perSecond: 2_000 };

/** Vouchers and chunks in turn; each operation that is on its way is of another channel, job and provider. */
export const benchmark: Benchmark = {
  name: 'ledger',
  description:
    'durable vouchers and chunks per second in SQLite, by callers at once, and how long each waits',
  options: { folder: 'text' },
  async run({ signal, tell, options }) {
    const folder = await mkdtemp(join(String(options['folder'] ?? tmpdir()), 'ledger-bench-'));
    const rows = [];
    try {
      for (const { callers, group } of LOADS) {
        if (signal.aborted) break;
        tell(`${callers} callers, ${group} operations a commit`);
        const run: Run = (ledger, streams, waits) => saturate(ledger, streams, group, waits);
        const figures = await measure(join(folder, `${callers}-${group}.db`), callers * group, run);
        rows.push({ load: 'as fast as it goes', callers, group, ...figures });
      }
      tell(`${PACE.perSecond} operations a second`);
      const figures = await measure(join(folder, 'paced.db'), PACE.streams, paced);
      rows.push({ load: `${PACE.perSecond} a second`, callers: PACE.streams, group: 1, ...figures });
    } finally {
      await rm(folder, { recursive: true });
    }
    return { table: rows, json: { name: 'ledger', rows } };
  },
};

/** Runs a load; the wait of each operation, in ms, is added to `waits`. */
type Run = (ledger: Ledger, streams: readonly ChunkStream[], waits: number[]) => Promise<void>;

async function measure(file: string, count: number, run: Run) {
  const ledger = await openSqliteLedger(file, BENCH_BOOK);
  const streams = await openStreams(ledger, count);
  const waits: number[] = [];
  const [began, cpu] = [performance.now(), process.cpuUsage()];
  await run(ledger, streams, waits);
  const seconds = (performance.now() - began) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  await ledger.close();
  return {
    opsPerSecond: Math.round(waits.length / seconds),
    waitP50Ms: round(quantile(waits, 0.5)),
    waitP99Ms: round(quantile(waits, 0.99)),
    cpuMicrosPerOp: round((user + system) / waits.length),
  };
}

/** Each caller commits its streams' next operations as soon as the last ones are durable. */
async function saturate(
  ledger: Ledger,
  streams: readonly ChunkStream[],
  group: number,
  waits: number[],
): Promise<void> {
  const end = performance.now() + SECONDS * 1_000;
  const callers = Array.from({ length: streams.length / group }, async (_, caller) => {
    const own = streams.slice(caller * group, (caller + 1) * group);
    while (performance.now() < end) await commitNext(ledger, own, waits);
  });
  await Promise.all(callers);
}

/** Operations come at an even pace, whether or not those before are durable. */
async function paced(ledger: Ledger, streams: readonly ChunkStream[], waits: number[]): Promise<void> {
  const began = performance.now();
  const commits: Promise<void>[] = [];
  for (let sent = 0; sent < PACE.perSecond * SECONDS;) {
    const due = ((performance.now() - began) / 1_000) * PACE.perSecond;
    for (; sent < due; sent++) {
      commits.push(commitNext(ledger, [streams[sent % streams.length]!], waits));
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await Promise.all(commits);
}

async function commitNext(ledger: Ledger, streams: readonly ChunkStream[], waits: number[]): Promise<void> {
  const began = performance.now();
  const results = await ledger.commit(streams.map((stream) => stream.next()));
  const wait = performance.now() - began;
  for (const result of results) {
    if (!result.ok) throw new Error(`An operation was refused: ${result.code}.`);
    waits.push(wait);
  }
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
