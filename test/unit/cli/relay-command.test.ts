import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';

interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs `afterglow …` to its end. @param told called with what it has printed so far, and how to end it */
function afterglow(
  args: readonly string[],
  env: Record<string, string> = {},
  told?: (out: string, end: () => void) => void,
): Promise<Ran> {
  const child = spawn(process.execPath, ['src/cli/main.ts', ...args], { env: { ...process.env, ...env } });
  let [out, err] = ['', ''];
  let ending = false;
  child.stdout.on('data', (data: Buffer) => {
    out += data.toString();
    told?.(out, () => {
      if (!ending) child.kill('SIGTERM');
      ending = true;
    });
  });
  child.stderr.on('data', (data: Buffer) => (err += data.toString()));
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, out, err })));
}

describe.concurrent('afterglow relay', () => {
  it('starts from flags and environment, says where it is as JSON, and ends in order', async () => {
    let health: Promise<unknown> | undefined;
    const ran = await afterglow(
      ['relay', '--port', '0', '--json', '--log', 'silent'],
      { AFTERGLOW_FREE: 'localhost' },
      (out, end) => {
        if (!out.includes('\n')) return;
        const { url } = JSON.parse(out) as { url: string };
        health ??= fetch(`${url}/healthz`)
          .then((response) => response.json())
          .finally(end);
      },
    );
    expect(await health).toMatchObject({ status: 'ok', providers: 0 });
    expect(JSON.parse(ran.out)).toMatchObject({
      provider: expect.stringMatching(/^ws:.*\/v1\/provider$/),
      address: expect.stringMatching(/^0x[0-9a-f]{40}$/),
      models: expect.arrayContaining(['shakespeare-1m-fp32']),
    });
    expect(ran.code).toBe(0);
    expect(ran.err).toBe('');
  });

  it('tells in one sentence that its port is busy', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    const { code, err } = await afterglow(['relay', '--port', `${port}`]);
    expect(code).toBe(1);
    expect(err).toBe(
      `Port ${port} on 127.0.0.1 is in use: stop what listens there, or choose another with --port.\n`,
    );
    other.close();
  });

  it('has help that names its settings, and refuses what it does not know', async () => {
    const [help, wrong] = await Promise.all([
      afterglow(['relay', '--help']),
      afterglow(['relay', '--port', 'http']),
    ]);
    for (const word of ['--free', '--own-key', 'AFTERGLOW_PORT', '--data', '--json'])
      expect(help.out).toContain(word);
    expect(wrong).toMatchObject({ code: 2, err: expect.stringMatching(/^--port can't be used/) });
  });
});

describe('afterglow proxy', () => {
  it('says that a relay takes no payments, and passes on what it is asked', async () => {
    const relay = createServer((request, response) => {
      response.writeHead(request.url === '/v1/models' ? 200 : 404).end('{"data":[]}');
    });
    await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(relay.address() as AddressInfo).port}`;
    let models: Promise<unknown> | undefined;
    const ran = await afterglow(
      ['proxy', '--relay', url, '--port', '0'],
      { AFTERGLOW_KEY: '42'.repeat(32) },
      (out, end) => {
        const [at] = /http:\S+\/v1/.exec(out) ?? [];
        models ??= fetch(`${at}/models`)
          .then((response) => response.json())
          .finally(end);
      },
    );
    relay.close();
    expect(await models).toEqual({ data: [] });
    expect(ran.out).toMatch(
      new RegExp(
        `^\\S+ answers OpenAI clients, and asks ${url}, which takes no payments: nothing is paid\\.\\n$`,
      ),
    );
    expect(ran.err).toBe('');
    expect(ran.code).toBe(0);
  });
});
