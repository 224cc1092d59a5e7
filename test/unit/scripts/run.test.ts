import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const run = promisify(execFile);

it('npm run afterglow takes the files that a person names where that person is', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'afterglow-where-'));
  try {
    const door = join(import.meta.dirname, '../../../scripts/run.mjs');
    // As npm starts it: in the project's folder, and with the caller's in the environment.
    await run(process.execPath, [door, 'afterglow', 'wallet', 'new', 'agent.key'], {
      env: { ...process.env, INIT_CWD: folder },
    });
    expect(await readdir(folder)).toEqual(['agent.key']);
  } finally {
    await rm(folder, { recursive: true });
  }
});
