import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { runProgram } from '../../../src/cli/run-program.ts';

let folder: string;
let keyFile: string;
let out: string[];
let err: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'afterglow-run-'));
  keyFile = join(folder, 'agent.key');
  await writeFile(keyFile, 'ab'.repeat(32), { mode: 0o600 });
  [out, err] = [[], []];
  vi.spyOn(console, 'log').mockImplementation((line: string) => void out.push(line));
  vi.spyOn(console, 'error').mockImplementation((line: string) => void err.push(line));
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => err.push(String(text)) > 0);
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => out.push(String(text)) > 0);
  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('nobody is to be asked')));
});
afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

describe('the status of the afterglow program', () => {
  it('is 0 for what was done and for help, 1 for what could not be, 2 for what can not be meant', async () => {
    expect(await runProgram(['wallet', 'address', keyFile])).toBe(0);
    expect(await runProgram(['relay', '--help'])).toBe(0);
    expect(out.join('')).toContain('(default: 1000000)');
    expect(await runProgram(['wallet', 'address', join(folder, 'none')])).toBe(1);
    for (const words of [
      [],
      ['channel'],
      ['nothing'],
      ['relay', '--colour', 'red'],
      ['payout', 'redeem', 'file'],
      ['payout', 'redeem', 'file', '--rpc-url', 'nonsense'],
      ['wallet', 'address'],
      ['channel', 'status'],
      ['faucet', '--relay', 'nonsense', '--key-file', keyFile],
      ['relay', '--chain-id', '5'],
    ])
      expect([words, await runProgram(words)]).toEqual([words, 2]);
  });

  it('with --json, errors are one line of JSON on standard error, and nothing else is there', async () => {
    expect(await runProgram(['wallet', 'address', join(folder, 'none'), '--json'])).toBe(1);
    expect(await runProgram(['payout', 'redeem', 'file', '--rpc', 'x', '--json'])).toBe(2);
    expect(await runProgram(['channel', '--json'])).toBe(2);
    expect(err.map((line) => JSON.parse(line) as object)).toEqual([
      {
        error: {
          code: 'key_unreadable',
          message: expect.stringContaining('ENOENT'),
          data: { file: join(folder, 'none') },
        },
      },
      {
        error: {
          code: 'flag_missing',
          message: "required option '--rpc-url <url>' not specified",
          data: { flag: '--rpc-url' },
        },
      },
      { error: { code: 'usage', message: expect.any(String) } },
    ]);
    expect(out).toEqual([]);
  });

  it('a bad value of a flag has one code, whoever reads it, and its flag', async () => {
    const deploy = ['deploy', '--rpc-url', 'http://127.0.0.1:1', '--chain-id', '5'];
    const proxy = ['proxy', '--key-file', keyFile];
    const wrong: string[][] = [
      [...deploy, '--signer', '0x12'],
      [...deploy, '--token', 'usdc'],
      [...deploy, '--owner', ''],
      [...deploy, '--grace', '0'],
      [...deploy, '--confirmations', '1.5'],
      [...deploy, '--verify', `0x${'1'.repeat(40)}`],
      [...deploy, '--created', '0x12,0x34'],
      ['deploy', '--rpc-url', 'http://127.0.0.1:1', '--chain-id', '9007199254740993'],
      ['deploy', '--rpc-url', 'nonsense'],
      [...proxy, '--budget', 'abc'],
      [...proxy, '--port', '70000'],
      [...proxy, '--relay', 'nonsense'],
      ['faucet', '--key-file', keyFile, '--address', 'me'],
      ['model', 'manifest', 'there', '--context', '1'],
      ['relay', '--log', 'loud'],
      ['relay', '--free', 'everybody'],
      ['relay', '--port', 'http'],
      ['relay', '--own-key', 'short=0x0'],
      ['relay', '--port'],
    ];
    for (const words of wrong) {
      // The flag that is named last is the wrong one.
      const flag = words.findLast((word) => word.startsWith('--'));
      expect([words, await runProgram([...words, '--json'])]).toEqual([words, 2]);
      expect([words, JSON.parse(err.at(-1) ?? '')]).toEqual([
        words,
        { error: { code: 'flag_invalid', message: expect.any(String), data: { flag } } },
      ]);
    }
    for (const [words, flag] of [
      [['relay', '--chain-id', '5'], '--rpc-url'],
      [['deploy', '--rpc-url', 'http://127.0.0.1:1'], '--chain-id'],
    ] as const) {
      expect(await runProgram([...words, '--json'])).toBe(2);
      expect(JSON.parse(err.at(-1) ?? '')).toMatchObject({ error: { code: 'flag_missing', data: { flag } } });
    }
  });

  it('an RPC that is none is named by its host, never by the key in its path', async () => {
    const state = join(folder, 'channel.json');
    await writeFile(state, JSON.stringify(STATE));
    const leave = ['channel', 'leave', '--state', state, '--key-file', keyFile, '--rpc-url'];
    expect(await runProgram([...leave, 'http://127.0.0.1:1/SECRET?key=SECRET'])).toBe(1);
    expect(err).toEqual(['The chain does not answer at 127.0.0.1:1. Check --rpc-url.']);
    expect(await runProgram([...leave, 'htp://rpc.example/SECRET'])).toBe(2);
    expect(err.at(-1)).toBe('--rpc-url must be an http or https URL.');
  });
});

describe('a setting of a relay that can’t be used', () => {
  const address = `0x${'1'.repeat(40)}`;
  it.each([
    [['--rpc-url', 'http://127.0.0.1:1'], '--chain-id is missing.'],
    [['--chain-id', '5'], '--rpc-url is missing.'],
    [['--port', 'http'], "--port can't be used: it must be a whole number from 0 to 65535."],
    [['--port', ''], "--port can't be used: it must be a whole number from 0 to 65535."],
    [['--heartbeat-ms', '1.5'], "--heartbeat-ms can't be used: it must be a whole number from 1 to 3600000."],
    [['--own-key', 'short=0x0'], /^--own-key can't be used: it must be KEY=0xaccount/],
    [
      ['--rpc-url', 'ws://x', '--chain-id', '1', '--token', address, '--escrow', address, '--hub', address],
      "--rpc-url can't be used: it must be an http or https URL.",
    ],
    [['--page', '/nope'], 'There is no index.html in /nope: npm run build makes it.'],
  ])('is named by its flag: %s', async (flags, words) => {
    expect(await runProgram(['relay', '--log', 'silent', ...flags])).toBeGreaterThan(0);
    expect(err).toHaveLength(1);
    expect(err[0]).toMatch(words);
  });
});

describe('keys', () => {
  it('the payer of gas is named by flag or by environment, for each command that sends', async () => {
    const none = join(folder, 'no-gas.key');
    const [state, vouchers] = [join(folder, 'channel.json'), join(folder, 'vouchers.json')];
    await writeFile(state, JSON.stringify(STATE));
    await writeFile(vouchers, JSON.stringify(UNSIGNED));
    const rpc = ['--rpc-url', 'http://127.0.0.1:1'];
    vi.stubEnv('AFTERGLOW_GAS_KEY_FILE', none);
    for (const words of [
      ['deploy', ...rpc, '--chain-id', '5', '--signer', `0x${'1'.repeat(40)}`],
      ['channel', 'leave', ...rpc, '--state', state, '--key-file', keyFile],
      ['payout', 'redeem', vouchers, ...rpc],
    ]) {
      expect([words[0], await runProgram(words)]).toEqual([words[0], 1]);
      expect(err.at(-1)).toBe(`The key file can't be read (ENOENT): ${none}.`);
    }
  });

  it('are taken with and without 0x by each command, and a file without one is named', async () => {
    expect(await runProgram(['wallet', 'address', '--key-file', keyFile])).toBe(0);
    await writeFile(keyFile, `0x${'AB'.repeat(32)}\n`);
    expect(await runProgram(['wallet', 'address', '--key-file', keyFile])).toBe(0);
    expect(out[0]).toMatch(/^0x[0-9a-f]{40}$/);
    expect(out[1]).toBe(out[0]);
    await writeFile(keyFile, '0xnothing');
    await chmod(keyFile, 0o600);
    expect(await runProgram(['wallet', 'address', '--key-file', keyFile])).toBe(1);
    expect(err).toEqual([`There is no key in ${keyFile}: it must hold 32 bytes of hex, with or without 0x.`]);
  });
});

describe('afterglow proxy', () => {
  it.each([
    ['--max-price', '1', '--max-price must be OUT/PROMPT, for example 0.50/0.10.'],
    ['--max-price', 'a/b', '--max-price must be OUT/PROMPT, for example 0.50/0.10.'],
    ['--contracts', '1:2:3', '--contracts must be CHAIN:ESCROW:TOKEN, for example 8453:0x…:0x….'],
    ['--budget', 'abc', '--budget must be a number of coins, for example 1.50.'],
    ['--deposit', '-1', '--deposit must be a number of coins, for example 1.50.'],
    ['--port', 'abc', '--port must be a whole number from 0 to 65535.'],
    ['--relay', 'nonsense', '--relay must be an http or https URL.'],
  ])('%s %s is refused before anything is opened or asked', async (flag, value, words) => {
    expect(await runProgram(['proxy', '--key-file', keyFile, flag, value])).toBe(2);
    expect(err).toEqual([words]);
    expect(await readdir(folder)).toEqual(['agent.key']);
  });
});

const STATE = {
  version: 1,
  relay: 'http://127.0.0.1:1',
  chainId: 1,
  escrow: `0x${'2'.repeat(40)}`,
  token: `0x${'3'.repeat(40)}`,
  payee: `0x${'4'.repeat(40)}`,
  payer: `0x${'5'.repeat(40)}`,
  salt: `0x${'5a'.repeat(32)}`,
  channelId: `0x${'6'.repeat(64)}`,
  phase: 'open',
  deposit: '1000000',
  validBefore: 0,
  signed: '0',
  signature: `0x${'00'.repeat(65)}`,
  settled: '0',
  unclear: [],
};

/** A payout voucher by its form. */
const UNSIGNED = {
  chainId: 1,
  hub: `0x${'1'.repeat(40)}`,
  payee: `0x${'2'.repeat(40)}`,
  cumulative: '5',
  signature: `0x${'00'.repeat(65)}`,
  token: `0x${'3'.repeat(40)}`,
  owner: `0x${'4'.repeat(40)}`,
  signer: `0x${'5'.repeat(40)}`,
};
