import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newAccount, TestChain } from '../../../../scripts/network/test-chain.ts';
import type { Hex } from '../../../../src/core/bytes.ts';
import {
  checkDeployment,
  type DeploymentOrder,
  makeDeployment,
  rehearseDeployment,
} from '../../../../src/relay/node/money/deployment.ts';
import { loadRelayKey } from '../../../../src/relay/node/relay-key.ts';

const data = mkdtempSync(join(tmpdir(), 'deploy-'));
const payer = newAccount();
let chain: TestChain;
let order: DeploymentOrder;

beforeAll(async () => {
  chain = await TestChain.start();
  const { chainId, rpcUrl } = chain.anvil;
  const { token } = chain.deployment;
  order = {
    rpcUrl,
    chainId,
    confirmations: 1,
    privateKey: payer.key,
    gracePeriod: 21_600,
    owner: newAccount().address,
    signer: newAccount().address,
    token,
  };
});

afterAll(async () => {
  await chain.close();
  rmSync(data, { recursive: true });
});

const nonce = (): Promise<unknown> => chain.ask('eth_getTransactionCount', [payer.address, 'latest']);

describe('a deployment', () => {
  it('is told without anything being sent, also to whoever has no gas', async () => {
    const cost = await rehearseDeployment(order);
    expect(cost).toMatchObject({ account: payer.address, balanceWei: 0n });
    expect(cost.contracts.map(({ name }) => name)).toEqual(['PaymentChannel', 'PayoutHub']);
    expect(cost.gas).toBeGreaterThan(2_000_000n);
    expect(await nonce()).toBe('0x0');
    await expect(makeDeployment(order)).rejects.toMatchObject({ code: 'gas_missing' });
    expect(await nonce()).toBe('0x0');
  });

  it('is refused where it could not be trusted, before anything is sent', async () => {
    const other = newAccount().address;
    const refused = (change: Partial<DeploymentOrder>, code: string): Promise<void> =>
      expect(makeDeployment({ ...order, ...change })).rejects.toMatchObject({ code });
    await refused({ token: other }, 'token_missing');
    await refused({ chainId: 1 }, 'chain_mismatch');
    await refused({ rpcUrl: 'http://127.0.0.1:1' }, 'chain_unreachable');
  });

  it('is made and read back: this version’s code, with the planned parameters and no others', async () => {
    await chain.fund(payer.address, 0n, 10n ** 18n);
    const { gas } = await rehearseDeployment(order);
    const made = await makeDeployment(order);
    expect(made.token).toBe(order.token);
    await checkDeployment(order, made);
    const wrong = (
      addresses: Partial<typeof made>,
      change: Partial<DeploymentOrder>,
      what: RegExp,
    ): Promise<void> =>
      expect(checkDeployment({ ...order, ...change }, { ...made, ...addresses })).rejects.toMatchObject({
        code: 'deployment_wrong',
        data: { what: expect.stringMatching(what) as string },
      });
    await wrong({}, { gracePeriod: 60 }, /^the grace period is 21600 s, and 60 s was asked for$/);
    await wrong(
      {},
      { owner: newAccount().address },
      /^the hub's owner is 0x.{40}, and 0x.{40} was asked for$/,
    );
    await wrong(
      {},
      { signer: newAccount().address },
      /^the hub's signer is 0x.{40}, and 0x.{40} was asked for$/,
    );
    await wrong(
      { token: chain.deployment.escrow },
      {},
      /^the hub's coin is 0x.{40}, and 0x.{40} was asked for$/,
    );
    await wrong({ escrow: newAccount().address }, {}, /no contract/);
    // A contract that answers the same questions, with other code.
    await wrong({ escrow: await almost(made.escrow) }, {}, /other code/);
    await wrong({ hub: made.escrow }, {}, /other code/);
    expect(gas).toBeLessThan(10_000_000n);
  });

  it('is a command: rehearsed, made, and verified', async () => {
    const { chainId, rpcUrl } = chain.anvil;
    const run = async (...flags: string[]): Promise<{ code: number; output: string }> => {
      const all = [
        '--rpc-url',
        rpcUrl,
        '--chain-id',
        String(chainId),
        '--data',
        data,
        '--confirmations',
        '1',
      ];
      const parameters = ['src/cli/main.ts', 'deploy', ...all, ...flags];
      return promisify(execFile)(process.execPath, parameters).then(
        ({ stdout }) => ({ code: 0, output: stdout }),
        // What could be said and still is a failure stands on standard output.
        (error: { code: number; stdout: string; stderr: string }) => ({
          code: error.code,
          output: error.stdout + error.stderr,
        }),
      );
    };
    expect((await run('--dry-run')).output).toContain('start the relay there once');
    await loadRelayKey(data);
    const rehearsed = await run('--dry-run', '--json');
    expect(rehearsed.code).toBe(1);
    const { account, gas } = JSON.parse(rehearsed.output) as { account: Hex; gas: string };
    expect(Number(gas)).toBeGreaterThan(0);
    expect((await run()).output).toContain('send it the rest');
    await chain.fund(account, 0n, 10n ** 18n);
    const made = await run('--json');
    const { token, escrow, hub } = JSON.parse(made.output) as Record<'token' | 'escrow' | 'hub', Hex>;
    expect(await run('--verify', `${escrow},${hub}`, '--token', token)).toMatchObject({ code: 0 });
    const other = await run('--verify', `${escrow},${hub}`, '--token', token, '--grace', '60');
    expect(other.code).not.toBe(0);
    expect(other.output).toBe(
      'Not as planned: the grace period is 21600 s, and 60 s was asked for (--grace).\n',
    );
  }, 30_000);
});

/** The same code with one byte changed. */
async function almost(address: Hex): Promise<Hex> {
  const code = (await chain.ask('eth_getCode', [address, 'latest'])) as Hex;
  const { address: other } = newAccount();
  await chain.ask('anvil_setCode', [other, `${code.slice(0, -2)}${code.endsWith('00') ? '01' : '00'}`]);
  return other;
}
