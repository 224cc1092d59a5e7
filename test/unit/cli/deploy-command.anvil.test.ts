import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { newAccount, TestChain } from '../../../scripts/network/test-chain.ts';
import { createProgram } from '../../../src/cli/afterglow.ts';
import { loadRelayKey } from '../../../src/relay/node/relay-key.ts';

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
afterEach(() => vi.unstubAllEnvs());
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
    const { escrow, hub } = chain.deployment;
    for (const [flags, cure] of [
      [[], /start the relay .* --signer, and who pays with --gas-key-file\.$/],
      [['--dry-run'], /start the relay .* --signer, and who pays with --gas-key-file\.$/],
      [['--gas-key-file', keyFile], /start the relay .* --signer, and who pays/],
      [['--verify', `${escrow},${hub}`], /start the relay .* --signer\.$/],
    ] as const)
      await expect(run('--data', data, ...flags)).rejects.toMatchObject({
        code: 'relay_key_missing',
        message: expect.stringMatching(cure) as string,
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
    await run('--data', data, '--signer', signer, '--gas-key-file', keyFile, '--json');
    const { escrow, hub } = JSON.parse(printed[0] ?? '') as { escrow: string; hub: string };
    const verify = ['--data', data, '--verify', `${escrow},${hub}`];
    await run(...verify, '--signer', signer);
    expect(printed[1]).toContain('As planned');
    const another = newAccount().address;
    await expect(run(...verify, '--signer', signer, '--owner', another)).rejects.toMatchObject({
      code: 'deployment_wrong',
      message: `Not as planned: the hub's owner is ${signer}, and ${another} was asked for (--owner, else who signs).`,
    });
    await expect(run('--data', data, '--verify', `${hub},${escrow}`, '--signer', signer)).rejects.toThrow(
      /^Not as planned: the escrow has other code .* \(are the two in this order: ESCROW,HUB\?\)\.$/,
    );
    expect(existsSync(data)).toBe(false);
  });

  it('tells the flags that the relay starts with, its --data too', async () => {
    const data = join(folder, 'relay');
    const { address } = await loadRelayKey(data);
    const gas = ['--gas-key-file', keyFile];
    await run('--data', data, ...gas);
    const { escrow, hub, token } = placesIn(printed[0] ?? '');
    expect(printed[0]).toContain(
      `--chain-id ${CHAIN_ID} --token ${token} --escrow ${escrow} --hub ${hub} --data ${data}`,
    );
    await run('--data', data, '--verify', `${escrow},${hub}`);
    expect(printed[1]).toContain('As planned');
    const created = /made by (0x[0-9a-f]{64},0x[0-9a-f]{64})/.exec(printed[0] ?? '')?.[1] ?? '';
    await run('--data', data, '--verify', `${escrow},${hub}`, '--created', created);
    expect(printed[1]).toContain('--created ESCROWTX,HUBTX shows it');
    expect(printed[2]).toContain('made by this version’s constructors, and nothing else');
    const swapped = created.split(',').reverse().join(',');
    await expect(
      run('--data', data, '--verify', `${escrow},${hub}`, '--created', swapped),
    ).rejects.toMatchObject({ code: 'deployment_wrong' });
    await expect(run('--data', data, '--created', created)).rejects.toMatchObject({ code: 'flag_missing' });
    await run('--data', join(folder, 'none'), '--signer', address, ...gas);
    expect(printed[3]).toContain(`and the --data whose key is ${address}`);
  });

  it('says what is wrong with a key of --data that can’t be read', async () => {
    const data = join(folder, 'odd');
    await mkdir(join(data, 'relay.key'), { recursive: true });
    for (const [where, fault] of [
      [data, `The relay's key can't be read (EISDIR): ${join(data, 'relay.key')}.`],
      [keyFile, `The relay's key can't be read (ENOTDIR): ${join(keyFile, 'relay.key')}.`],
    ] as const)
      await expect(run('--data', where)).rejects.toMatchObject({
        code: 'relay_key_invalid',
        message: fault,
      });
  });

  it('does not rehearse what it verifies', async () => {
    const { escrow, hub } = chain.deployment;
    const program = createProgram();
    for (const command of program.commands)
      command.exitOverride().configureOutput({ writeErr: () => undefined });
    const place = ['--rpc-url', chain.anvil.rpcUrl, '--chain-id', String(CHAIN_ID)];
    const both = ['deploy', ...place, '--dry-run', '--verify', `${escrow},${hub}`];
    await expect(program.parseAsync(['node', 'afterglow', ...both])).rejects.toMatchObject({
      code: 'commander.conflictingOption',
    });
  });

  it('takes no agent’s wallet for the gas, whatever the environment says', async () => {
    vi.stubEnv('AFTERGLOW_KEY_FILE', keyFile);
    const data = join(folder, 'relay-without-gas');
    const { address } = await loadRelayKey(data);
    await run('--data', data, '--dry-run', '--json');
    expect(JSON.parse(printed[0] ?? '')).toMatchObject({ account: address });
    // It has none: a script that goes on from here would fail.
    expect(process.exitCode).toBe(1);
    process.exitCode = undefined;
    vi.stubEnv('AFTERGLOW_GAS_KEY_FILE', keyFile);
    await run('--data', data, '--dry-run', '--json');
    expect(JSON.parse(printed[1] ?? '')).toMatchObject({ account: payer.address });
    expect(process.exitCode).toBeUndefined();
  });
});

/** The addresses that a deployment prints. */
function placesIn(text: string): Record<'token' | 'escrow' | 'hub', string> {
  const [token = '', escrow = '', hub = ''] = text.match(/0x[0-9a-f]{40}/g) ?? [];
  return { token, escrow, hub };
}
