import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const run = promisify(execFile);
const door = join(import.meta.dirname, '../../../scripts/run.mjs');

it('npm run afterglow takes the files that a person names where that person is', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'afterglow-where-'));
  try {
    // As npm starts it: in the project's folder, and with the caller's in the environment.
    await run(process.execPath, [door, 'afterglow', 'wallet', 'new', 'agent.key'], {
      env: { ...process.env, INIT_CWD: folder },
    });
    expect(await readdir(folder)).toEqual(['agent.key']);
  } finally {
    await rm(folder, { recursive: true });
  }
});

it.each(['start', 'test', 'test:contracts:deep'])(
  'npm run %s says which options there are where one is not there, and does nothing',
  async (command) => {
    const ended = await run(process.execPath, [door, command, '--nonsense']).catch((error: unknown) => error);
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect((ended as { stderr: string }).stderr).toMatch(
      /^Unknown option '--nonsense': there are --\w.*\.\n$/,
    );
  },
);
