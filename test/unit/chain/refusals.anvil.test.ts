import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newAccount, TestChain } from '../../../scripts/network/test-chain.ts';
import type { ChainClient } from '../../../src/chain/chain-client.ts';
import { mintCall, readDollars } from '../../../src/chain/dollar.ts';
import type { Hex } from '../../../src/core/bytes.ts';
import { LaggingNode, type Request } from './lagging-node.ts';

const GWEI = 10n ** 9n;

let world: TestChain;
let node: LaggingNode;
let payee: Hex;
beforeEach(async () => {
  world = await TestChain.start();
  node = await LaggingNode.start(world.anvil.rpcUrl);
  payee = newAccount().address;
  await world.automine(false);
}, 30_000);
afterEach(async () => {
  await node[Symbol.asyncDispose]();
  await world.close();
});

describe('K16 what a node says of a transaction that it has', () => {
  it('counts as sent where the node knows it, in whatever words it is refused', async () => {
    node.refuses = isBroadcast;
    node.doesAllTheSame = true;
    node.words = 'AlreadyKnown';
    const sent = connect(5_000).send(mint());
    sent.catch(() => {});
    await becomes(async () => (await inPool()) === 1);
    await world.mine(1);
    await sent;
    expect(await dollars()).toBe(1n);
  });

  it('and did not leave where the node does not', async () => {
    node.refuses = isBroadcast;
    node.words = 'insufficient funds for gas * price + value';
    await expect(connect(5_000).send(mint())).rejects.toMatchObject({ code: 'chain_refused' });
    expect(await inPool()).toBe(0);
  });

  it('a raise that it keeps refusing is not asked after', async () => {
    const sent = connect(1_200).send(mint());
    sent.catch(() => {});
    await becomes(async () => (await inPool()) === 1);
    let refused = 0;
    let polled: unknown[] = [];
    node.words = 'insufficient funds for gas * price + value';
    node.refuses = (asked) => {
      if (asked.method === 'eth_getTransactionReceipt') polled.push(asked.params?.[0]);
      if (!isBroadcast(asked)) return false;
      refused++;
      polled = [];
      return true;
    };
    await becomes(async () => {
      if (refused < 2) await world.mineOutbid(90_000n, 100n * GWEI);
      return refused >= 2;
    });
    await becomes(async () => polled.length >= 3);
    expect(new Set(polled).size).toBe(1);
  });
});

describe('K14 a transaction that is late, on nodes of which some lag', () => {
  it('is waited for while they refuse what it takes to see it', async () => {
    // The count of the account at a block that one of them has not seen.
    node.refuses = ({ method, params }) =>
      method === 'eth_getTransactionCount' && String(params?.[1]).startsWith('0x');
    const sent = connect(1_600).send(mint());
    sent.catch(() => {});
    await pause(800);
    await world.mine(1);
    await sent;
    expect(await dollars()).toBe(1n);
  });

  it('is not taken for replaced where one knows that its number is used up, and another not yet its receipt', async () => {
    const sent = connect(2_000).send(mint());
    sent.catch(() => {});
    await pause(700);
    node.withoutReceipt = 3;
    await world.mine(1);
    await sent;
    expect(node.withoutReceipt).toBe(0);
    expect(await dollars()).toBe(1n);
  });
});

function isBroadcast({ method }: Request): boolean {
  return method === 'eth_sendRawTransaction';
}

function connect(patienceMs: number): ChainClient {
  return world.connect(world.relayKey, { patienceMs, rpcUrl: node.rpcUrl });
}

function mint() {
  return mintCall(world.deployment.token, payee, 1n);
}

function dollars(): Promise<bigint> {
  return readDollars(world.relay, world.deployment.token, payee);
}

async function inPool(): Promise<number> {
  const { pending, queued } = (await world.ask('txpool_status', [])) as { pending: Hex; queued: Hex };
  return Number(pending) + Number(queued);
}

async function becomes(look: () => Promise<boolean>): Promise<void> {
  for (let looks = 0; looks < 100; looks++) {
    if (await look()) return;
    await pause(50);
  }
  throw new Error('Waited in vain.');
}
