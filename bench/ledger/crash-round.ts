import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { checkInvariants } from '../../src/relay/ledger/invariants.ts';
import type { MutableState } from '../../src/relay/ledger/record.ts';
import { openSqliteLedger } from '../../src/relay/node/sqlite-ledger.ts';
import { copyState, CRASH_BOOK, crashTraffic } from './crash-traffic.ts';

/** More operations than a writer has on their way beyond those it acknowledged. */
const MOST_AHEAD = 2_000;

export interface CrashRound {
  /** Operations that the writer was told are durable. */
  readonly acknowledged: number;
  /** Operations that are on the disk; those beyond the acknowledged were on their way. */
  readonly durable: number;
  /** How long the writer took to open what the round before left behind. */
  readonly openMs: number;
  /** Empty when nothing was lost, doubled or broken. */
  readonly problems: readonly string[];
  /** What is on the disk now: the next round starts from it. */
  readonly state: MutableState;
}

/**
 * Starts a writer, kills it with SIGKILL `killAfterMs` after its ledger was open, and compares what is on the disk with
 * what the model makes of the same operations: the disk must hold the first N of them, with N at least what was
 * acknowledged.
 * @param before what the file holds
 */
export async function crashOnce(
  file: string,
  seed: number,
  killAfterMs: number,
  before: MutableState,
): Promise<CrashRound> {
  const { acknowledged, openMs } = await killedWriter(file, seed, killAfterMs);
  const ledger = await openSqliteLedger(file, CRASH_BOOK);
  const state = copyState(ledger.state as MutableState);
  await ledger.close();
  const durable = matchPrefix(before, state, seed, acknowledged);
  const problems = [
    ...(durable === undefined ? [`seed ${seed}: the disk holds no prefix from ${acknowledged} on`] : []),
    ...checkInvariants(state).map(({ code, row }) => `seed ${seed}: ${code} ${row}`),
  ];
  return { acknowledged, durable: durable ?? 0, openMs, problems, state };
}

async function killedWriter(
  file: string,
  seed: number,
  killAfterMs: number,
): Promise<{ acknowledged: number; openMs: number }> {
  const script = fileURLToPath(new URL('./crash-writer.ts', import.meta.url));
  const writer = spawn(process.execPath, [script, file, String(seed)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  let openMs = 0;
  writer.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    const opened = /^opened (\d+)\n/.exec(output);
    if (!opened || openMs > 0) return;
    openMs = Number(opened[1]) || 1;
    setTimeout(() => writer.kill('SIGKILL'), killAfterMs);
  });
  await once(writer, 'close');
  // The last line may be cut: only whole ones count.
  const counts = output.split('\n').slice(1, -1).map(Number);
  return { acknowledged: counts.at(-1) ?? 0, openMs };
}

/** How many of the round's operations the disk holds, if it holds a prefix of them that has all acknowledged ones. */
function matchPrefix(
  before: MutableState,
  found: MutableState,
  seed: number,
  acknowledged: number,
): number | undefined {
  const model = copyState(before);
  const next = crashTraffic(seed, model);
  for (let count = 0; count < acknowledged + MOST_AHEAD; count++) {
    if (count >= acknowledged && sameState(model, found)) return count;
    next();
  }
  return undefined;
}

function sameState(a: MutableState, b: MutableState): boolean {
  return lastId(a) === lastId(b) && isDeepStrictEqual(a, b);
}

/** Cheap to compare: most states differ in it. */
function lastId({ results }: MutableState): string | undefined {
  return [...results.keys()].at(-1);
}
