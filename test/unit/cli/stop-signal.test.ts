import { spawn } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';

/** A process that ends as `end` does. @param signals when it gets one, in ms after it is ready */
function ending(end: string, signals: readonly number[]): Promise<{ code: number | null; err: string }> {
  const program = `
    import { CodedError } from './src/core/errors.ts';
    import { endOnSignal } from './src/cli/stop-signal.ts';
    const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
    setInterval(() => {}, 1_000);
    endOnSignal(true, async () => { ${end} });
    console.log('ready');`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program]);
  let err = '';
  child.stderr.on('data', (data: Buffer) => (err += data.toString()));
  child.stdout.once('data', () => {
    for (const ms of signals) void wait(ms).then(() => child.kill('SIGINT'));
  });
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, err })));
}

describe.concurrent('a process that is told to end', () => {
  it('ends in order, also where one Ctrl-C arrives twice', async () => {
    expect(await ending('await wait(400);', [0, 100])).toEqual({ code: 0, err: '' });
  });

  it('says what went wrong with its end', async () => {
    const { code, err } = await ending("throw new CodedError('store_failed', 'The disk is full.');", [0]);
    expect(code).toBe(1);
    expect(JSON.parse(err)).toEqual({ error: { code: 'store_failed', message: 'The disk is full.' } });
  });

  it('ends at once when it is told again', async () => {
    expect(await ending('await wait(60_000);', [0, 1_700])).toEqual({ code: 130, err: '' });
  });
});
