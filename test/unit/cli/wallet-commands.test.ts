import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createProgram } from '../../../src/cli/afterglow.ts';
import { openChannelFile } from '../../../src/cli/channel-file.ts';
import { PaidJob } from '../sdk/support/paid-job.ts';
import { chat, createAgent } from '../sdk/support/agent.ts';
import { ScriptedRelay } from '../sdk/support/scripted-relay.ts';
import { PRICE, RELAY, TERMS } from '../sdk/support/scripted-terms.ts';

let folder: string;
let printed: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'afterglow-cli-'));
  printed = [];
  for (const channel of ['log', 'error'] as const)
    vi.spyOn(console, channel).mockImplementation((line: string) => void printed.push(line));
});
afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  process.exitCode = undefined;
  await rm(folder, { recursive: true });
});

function run(...words: string[]): Promise<unknown> {
  return createProgram().parseAsync(['node', 'afterglow', ...words]);
}

describe('afterglow wallet', () => {
  it('makes a key that only its owner may read, shows its address, and never the key', async () => {
    const file = join(folder, 'deep', 'agent.key');
    await run('wallet', 'new', file, '--json');
    const { address } = JSON.parse(printed[0] ?? '') as { address: string };
    expect(address).toMatch(/^0x[0-9a-f]{40}$/);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    await run('wallet', 'address', file);
    expect(printed[1]).toBe(address);
    const key = (await readFile(file, 'utf8')).trim();
    await expect(run('wallet', 'new', file)).rejects.toMatchObject({ code: 'key_exists' });
    await expect(run('wallet', 'new', join(file, 'x'))).rejects.toMatchObject({ code: 'key_unwritable' });
    expect((await readFile(file, 'utf8')).trim()).toBe(key);
    expect(printed.join('\n')).not.toContain(key.slice(2));
  });

  it('refuses a key that others may read, and one that is none', async () => {
    const file = join(folder, 'agent.key');
    await writeFile(file, `0x${'ab'.repeat(32)}`, { mode: 0o644 });
    await expect(run('wallet', 'address', file)).rejects.toMatchObject({ code: 'key_exposed' });
    await chmod(file, 0o600);
    await run('wallet', 'address', file);
    await writeFile(file, 'secret');
    await expect(run('wallet', 'address', file)).rejects.toMatchObject({ code: 'key_invalid' });
    await expect(run('wallet', 'address', join(folder, 'none'))).rejects.toMatchObject({
      code: 'key_unreadable',
    });
    await expect(run('wallet', 'address')).rejects.toMatchObject({ code: 'key_missing' });
  });
});

describe('afterglow faucet', () => {
  it('asks the relay', async () => {
    const relay = new ScriptedRelay();
    vi.stubGlobal('fetch', (url: string, init?: RequestInit) =>
      url === `${RELAY}/v1/faucet`
        ? Promise.resolve(Response.json({ txHash: `0x${'1'.repeat(64)}`, amount: '5000000' }))
        : relay.fetch(url, init),
    );
    await run('faucet', '--relay', RELAY, '--address', `0x${'9'.repeat(40)}`);
    expect(printed[0]).toContain('got 5 Test Dollar');
    vi.stubGlobal('fetch', relay.fetch);
    await expect(run('faucet', '--relay', RELAY, '--address', `0x${'a'.repeat(40)}`)).rejects.toMatchObject({
      code: 'faucet_missing',
    });
  });
});

describe('afterglow receipt verify', () => {
  it('tells a receipt that holds from one that does not', async () => {
    const terms = { ...PRICE, promptTokens: 2, feeBps: 500 };
    const job = new PaidJob(`0x${'5'.repeat(32)}`, [72, 105], terms, 40, new Uint8Array(32).fill(7));
    job.attempt.give(Array<number>(40).fill(1));
    job.attempt.finish('length');
    const file = join(folder, 'receipt.json');
    const receipt = job.receipt(TERMS.relay);
    await writeFile(file, JSON.stringify(receipt));
    await run('receipt', 'verify', file, '--json');
    expect(JSON.parse(printed[0] ?? '')).toMatchObject({ valid: true, problems: [], outputTokens: 40 });
    await writeFile(file, JSON.stringify({ ...receipt, outputTokens: 41 }));
    await run('receipt', 'verify', file);
    expect(printed.at(-1)).toBe('The receipt is NOT valid.');
    expect(process.exitCode).toBe(1);
    await writeFile(file, '{}');
    await expect(run('receipt', 'verify', file)).rejects.toMatchObject({ code: 'receipt_malformed' });
  });
});

describe('afterglow channel', () => {
  it('shows and closes what a client kept in a file', async () => {
    const relay = new ScriptedRelay();
    vi.stubGlobal('fetch', relay.fetch);
    const keyFile = join(folder, 'agent.key');
    const path = `${keyFile}.relay.test.channel.json`;
    await writeFile(keyFile, `0x${'42'.repeat(32)}`, { mode: 0o600 });
    const flags = ['--relay', RELAY, '--key-file', keyFile];
    await expect(run('channel', 'status', ...flags)).rejects.toMatchObject({ code: 'channel_missing' });
    // The file is found by the relay's name alone: whoever leaves a relay that is gone must give it.
    await expect(
      run('channel', 'leave', '--key-file', keyFile, '--rpc-url', 'http://127.0.0.1:1'),
    ).rejects.toMatchObject({
      code: 'channel_missing',
      message: `No channel was kept in ${keyFile}.127.0.0.1-8787.channel.json: name the relay that it was with (--relay), or the file (--state).`,
    });
    const file = await openChannelFile(path);
    const agent = createAgent(relay, { save: (state) => file.save(state) });
    await (await chat(agent, 'Hello.')).text();
    await agent.client.idle();
    await file.close();
    await expect(run('channel', 'leave', ...flags, '--rpc-url', 'http://127.0.0.1:1')).rejects.toMatchObject({
      code: 'chain_unreachable',
    });
    await run('channel', 'status', ...flags, '--json');
    expect(JSON.parse(printed[0] ?? '')).toMatchObject({ state: 'open', deposit: '1000000' });
    await run('channel', 'close', ...flags);
    expect(printed.at(-1)).toBe('Closed: 0.000011 paid, 0.999989 back.');
    expect(relay.channel.state).toBe('closed');
  });

  it('has one process at a time', async () => {
    const path = join(folder, 'channel.json');
    await writeFile(`${path}.lock`, '1');
    await expect(openChannelFile(path)).rejects.toMatchObject({ code: 'channel_in_use' });
    const directory = join(folder, 'channels');
    await mkdir(directory);
    await expect(openChannelFile(directory)).rejects.toMatchObject({ code: 'channel_unreadable' });
    expect(existsSync(`${directory}.lock`)).toBe(false);
    await writeFile(`${path}.lock`, '999999999');
    const file = await openChannelFile(path);
    await file.save('{"a":1}');
    await file.close();
    const again = await openChannelFile(path);
    expect(again.state).toBe('{"a":1}');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    await again.close();
  });
});
