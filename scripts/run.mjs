/**
 * The door behind every `npm` command: sets up, then runs the command's TypeScript entry on the pinned Node.
 * Signals go on to that process, and its exit code becomes ours.
 */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setUp, SetupError } from './setup.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

const entries = {
  start: 'scripts/start.ts',
  test: 'scripts/test.ts',
  check: 'scripts/check.ts',
  format: 'scripts/format.ts',
  build: 'scripts/build.ts',
  'build:contracts': 'scripts/build-contracts.ts',
  'test:contracts:deep': 'scripts/test-contracts-deep.ts',
  'pin-model': 'scripts/pin-model.ts',
  prove: 'scripts/prove.ts',
  screenshots: 'scripts/screenshots.ts',
  bench: 'bench/run.ts',
  afterglow: 'src/cli/main.ts',
};

const [command = '', ...rest] = process.argv.slice(2);
const entry = entries[command];
if (!entry) {
  console.error(`There is no command "${command}": there are ${Object.keys(entries).join(', ')}.`);
  process.exit(2);
}

try {
  run(await setUp());
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(error.message);
  process.exit(1);
}

function run(node) {
  const binaries = [dirname(node), join(root, 'node_modules', '.bin'), process.env['PATH']].join(delimiter);
  // `node:sqlite` still calls itself experimental, in each process that loads it.
  const options = `${process.env['NODE_OPTIONS'] ?? ''} --disable-warning=ExperimentalWarning`;
  const child = spawn(node, [join(root, entry), ...rest], {
    // npm runs scripts in the project's folder: files that a person names lie where that person is.
    cwd: command === 'afterglow' ? (process.env['INIT_CWD'] ?? process.cwd()) : root,
    stdio: 'inherit',
    env: { ...process.env, PATH: binaries, NODE_OPTIONS: options },
  });
  // A terminal sends Ctrl-C to the whole group and `kill` to us alone: the child hears of both, and stops once.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.once('close', (code, signal) => {
    process.exit(code ?? 128 + (constants.signals[signal] ?? 0));
  });
}
