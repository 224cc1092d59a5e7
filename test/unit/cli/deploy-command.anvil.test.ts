import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { newAccount, TestChain } from '../../../scripts/network/test-chain.ts';
import { createProgram } from '../../../src/cli/afterglow.ts';

/** Longer than ten digits: chains number themselves as they like. */
const CHAIN_ID = 98_765_432_101;
const payer = newAccount();
let chain: TestChain;
let folder: string;
let keyFile: string;
let printed: string[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'afterglow-deploy-'));
  keyFile = join(folder, 'gas.key');
  await writeFile(keyFile, payer.key, { mode: 0o600 });
  chain = await TestChain.start({ chainId: CHAIN_ID });
  await chain.fund(payer.address, 0n, 10n ** 18n);
});
beforeEach(() => {
  printed = [];
  vi.spyOn(console, 'log').mockImplementation((line: string) => void printed.push(line));
});
afterAll(async () => {
  vi.restoreAllMocks();
  await chain.close();
  await rm(folder, { recursive: true });
});

function run(...flags: string[]): Promise<unknown> {
  const place = ['--rpc-url', chain.anvil.rpcUrl, '--chain-id', String(CHAIN_ID), '--confirmations', '1'];
  const all = ['deploy', ...place, '--token', chain.deployment.token, ...flags];
  return createProgram().parseAsync(['node', 'afterglow', ...all]);
}

describe('afterglow deploy', () => {
  it('makes no key where a folder is mistyped: no hub is signed for by accident', async () => {
    const data = join(folder, 'mistyped');
    const { channel, hub } = chain.deployment;
    for (const flags of [[], ['--dry-run'], ['--verify', `${channel},${hub}`], ['--key-file', keyFile]])
      await expect(run('--data', data, ...flags)).rejects.toMatchObject({
        code: 'relay_key_missing',
        message: expect.stringMatching(/start the relay .* --signer/) as string,
      });
    // Whose gas would it be?
    const signer = newAccount().address;
    await expect(run('--data', data, '--signer', signer)).rejects.toMatchObject({
      code: 'relay_key_missing',
    });
    expect(existsSync(data)).toBe(false);
  });

  it('needs nobody’s secret but the payer’s, and to verify none at all', async () => {
    const signer = newAccount().address;
    const data = join(folder, 'none');
    await run('--data', data, '--signer', signer, '--key-file', keyFile, '--json');
    const { channel, hub } = JSON.parse(printed[0] ?? '') as { channel: string; hub: string };
    const verify = ['--data', data, '--verify', `${channel},${hub}`];
    await run(...verify, '--signer', signer);
    expect(printed[1]).toContain('As planned');
    const another = newAccount().address;
    await expect(run(...verify, '--signer', signer, '--owner', another)).rejects.toMatchObject({
      code: 'deployment_wrong',
      data: { what: "the hub's owner" },
    });
    expect(existsSync(data)).toBe(false);
  });
});
