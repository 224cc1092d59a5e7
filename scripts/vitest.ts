import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Tally } from './tally.ts';
import { runTool } from './tool.ts';

/** Runs some of the projects of `vitest.config.ts` and counts. A run that ends before it reports is one failure. */
export async function runVitest(
  projects: readonly string[],
  show = true,
): Promise<Tally & { output: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'tally-'));
  const tallyFile = join(folder, 'tally.json');
  try {
    const { code, output } = await runTool(
      'vitest',
      [
        'run',
        '--passWithNoTests',
        '--reporter=dot',
        '--reporter=./scripts/tally-reporter.ts',
        ...projects.map((project) => `--project=${project}`),
      ],
      { show, env: { TALLY_FILE: tallyFile, ...(process.stdout.isTTY ? {} : { NO_COLOR: '1' }) } },
    );
    const tally = await readFile(tallyFile, 'utf8').then(
      (text) => JSON.parse(text) as Tally,
      () => ({ passed: 0, failed: 1, skipped: [] }),
    );
    const endedBadly = code !== 0 && tally.failed === 0;
    return { ...tally, failed: endedBadly ? 1 : tally.failed, output };
  } finally {
    await rm(folder, { recursive: true });
  }
}
