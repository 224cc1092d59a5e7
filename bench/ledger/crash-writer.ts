/**
 * `node crash-writer.ts FILE SEED`: commits operations to a ledger without end, several commits at a time, and says on
 * standard output how many of them were acknowledged so far. It is meant to be killed.
 */
import { writeSync } from 'node:fs';
import type { MutableState } from '../../src/relay/ledger/record.ts';
import { openSqliteLedger } from '../../src/relay/node/sqlite-ledger.ts';
import { copyState, CRASH_BOOK, crashTraffic } from './crash-traffic.ts';

/** Operations of one commit, and commits on their way at once. */
const GROUP = 8;
const PIPELINE = 16;

const [file = '', seed = '0'] = process.argv.slice(2);
const began = performance.now();
const ledger = await openSqliteLedger(file, CRASH_BOOK);
const next = crashTraffic(Number(seed), copyState(ledger.state as MutableState));
let acknowledged = 0;

writeSync(1, `opened ${Math.round(performance.now() - began)}\n`);
await Promise.all(Array.from({ length: PIPELINE }, () => run()));

async function run(): Promise<never> {
  for (;;) {
    await ledger.commit(Array.from({ length: GROUP }, next));
    // Commits are acknowledged in order, so a count says which.
    acknowledged += GROUP;
    tell(`${acknowledged}\n`);
  }
}

/** A line that the pipe has no room for is left out: the next one says more. */
function tell(line: string): void {
  try {
    writeSync(1, line);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
  }
}
