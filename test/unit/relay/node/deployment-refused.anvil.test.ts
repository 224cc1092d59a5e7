import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startAnvil } from '../../../../scripts/network/anvil.ts';
import { ask, newAccount, TestChain } from '../../../../scripts/network/test-chain.ts';
import { deploy } from '../../../../src/chain/deploy.ts';
import { verifyDeployment } from '../../../../src/chain/deployment.ts';
import type { Hex } from '../../../../src/core/bytes.ts';
import { SILENT_LOG } from '../../../../src/relay/log.ts';
import {
  type DeploymentOrder,
  makeDeployment,
  rehearseDeployment,
} from '../../../../src/relay/node/money/deployment.ts';
import { startRelayServer } from '../../../../src/relay/node/relay-server.ts';
import { LaggingNode } from '../../chain/lagging-node.ts';

/** No test chain's, and longer than ten digits. */
const CHAIN_ID = 98_765_432_101;
const payer = newAccount();
let chain: TestChain;
let order: DeploymentOrder;

beforeAll(async () => {
  chain = await TestChain.start({ chainId: CHAIN_ID, gracePeriod: 599 });
  await chain.fund(payer.address, 0n, 10n ** 18n);
  order = {
    rpcUrl: chain.anvil.rpcUrl,
    chainId: CHAIN_ID,
    confirmations: 1,
    privateKey: payer.key,
    gracePeriod: 600,
    owner: newAccount().address,
    signer: newAccount().address,
    token: chain.deployment.token,
  };
});

afterAll(() => chain.close());

describe('K15 where money is meant', () => {
  it('a grace period below ten minutes is refused, by the deployer and by a relay', async () => {
    await rehearseDeployment(order);
    const short = { ...order, gracePeriod: 599 };
    for (const act of [rehearseDeployment, makeDeployment])
      await expect(act(short)).rejects.toMatchObject({ code: 'grace_too_short', data: { gracePeriod: 599 } });
    const { escrow, hub, token } = chain.deployment;
    const money = { rpcUrl: order.rpcUrl, chainId: CHAIN_ID, token, escrow, hub };
    await expect(startRelayServer({ port: 0, chain: money }, { log: SILENT_LOG })).rejects.toMatchObject({
      code: 'grace_too_short',
      data: { escrow, seconds: 599 },
    });
  });

  it('no test dollar takes the place of a coin that was not named', async () => {
    const { token: _, ...unnamed } = order;
    await expect(makeDeployment(unnamed)).rejects.toMatchObject({ code: 'token_missing' });
  });

  it('a coin that the relay would refuse is refused before any gas is spent', async () => {
    const { address } = newAccount();
    const answering = (word: number): Hex => `0x60${word.toString(16).padStart(2, '0')}60005260206000f3`;
    const refused = async (code: Hex, token: Hex, error: object): Promise<void> => {
      await chain.ask('anvil_setCode', [address, code]);
      for (const act of [rehearseDeployment, makeDeployment])
        await expect(act({ ...order, token })).rejects.toMatchObject(error);
    };
    await refused(answering(18), address, { code: 'decimals_unsupported', data: { decimals: 18 } });
    const noCoin = (token: Hex) => ({
      code: 'decimals_missing',
      message: `${token} is no ERC-20 coin: it does not tell its decimals.`,
    });
    // One that answers nothing, and one that refuses.
    await refused('0x00', address, noCoin(address));
    await refused('0x00', chain.deployment.hub, noCoin(chain.deployment.hub));
    await chain.ask('anvil_setCode', [address, answering(12)]);
    await rehearseDeployment({ ...order, token: address });
  });

  it('an account with just the estimate is refused: prices rise until the last of three transactions', async () => {
    const { neededWei, wei } = await rehearseDeployment(order);
    expect(neededWei).toBe((wei * 3n) / 2n);
    const poor = newAccount();
    await chain.fund(poor.address, 0n, wei);
    await expect(makeDeployment({ ...order, privateKey: poor.key })).rejects.toMatchObject({
      code: 'gas_missing',
    });
  });
});

describe('K15 a deployment that does not end well', () => {
  it('says what is there by then', async () => {
    const plan: DeploymentOrder = { ...order, owner: `0x${'00'.repeat(20)}` };
    const error = await deploy(chain.connect(payer.key), plan).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'transaction_reverted', data: { reason: 'ZeroAddress' } });
    const { data, message } = error as { data: { made: Record<string, Hex> }; message: string };
    expect(Object.keys(data.made)).toEqual(['token', 'escrow']);
    const { escrow } = data.made as { escrow: Hex };
    expect(await chain.relay.code(escrow)).not.toBe('0x');
    expect(message).toContain(`escrow ${escrow}`);
  });

  it('names the transaction that may still be mined', async () => {
    await chain.automine(false);
    const hasty = chain.connect(payer.key, { patienceMs: 200 });
    const error = await deploy(hasty, order).catch((caught: unknown) => caught);
    await chain.automine(true);
    await chain.mine(1);
    const made = { token: order.token };
    expect(error).toMatchObject({ code: 'transaction_unconfirmed', data: { made } });
    const { data, message } = error as { data: { hash: Hex }; message: string };
    expect(message).toContain(data.hash);
    expect((await chain.relay.minedBy(data.hash))?.block).toBeGreaterThan(0n);
  });

  it('reads again where a node lags, and says what is there where it never comes', async () => {
    await using late = await LaggingNode.start(chain.anvil.rpcUrl);
    late.blind = 3;
    const made = await deploy(chain.connect(payer.key, { rpcUrl: late.rpcUrl }), order);
    expect(late.blind).toBe(0);
    expect(await chain.relay.code(made.hub)).not.toBe('0x');
    late.blind = 1_000;
    await expect(deploy(chain.connect(payer.key, { rpcUrl: late.rpcUrl }), order)).rejects.toMatchObject({
      code: 'deployment_wrong',
      message: expect.stringMatching(/escrow 0x[0-9a-f]{40}, hub 0x[0-9a-f]{40}/) as string,
    });
  });
});

describe('K15 deployment_wrong', () => {
  it('on a chain without transient storage, where every payment would fail', async () => {
    await using old = await startAnvil({ chainId: CHAIN_ID, hardfork: 'shanghai' });
    const connection = chain.connect(undefined, { rpcUrl: old.rpcUrl });
    const plan = planOf(chain);
    // The code alone was put there, by no transaction.
    const { created: _, ...there } = chain.deployment;
    for (const at of [chain.deployment.token, chain.deployment.escrow, chain.deployment.hub])
      await ask(old, 'anvil_setCode', [at, await chain.relay.code(at)]);
    await expect(verifyDeployment(connection, there, plan)).rejects.toMatchObject({
      code: 'deployment_wrong',
      data: { what: expect.stringContaining('the escrow does not run on this chain') as string },
    });
  });
});

/** What `TestChain` deployed with. */
function planOf({ relay }: TestChain): { gracePeriod: number; owner: Hex; signer: Hex } {
  const account = relay.account as Hex;
  return { gracePeriod: 599, owner: account, signer: account };
}
