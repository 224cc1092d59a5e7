import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { requestCloseCall } from '../../../src/chain/channel.ts';
import type { Hex } from '../../../src/core/bytes.ts';
import { DEFAULT_CONFIRMATIONS } from '../../../src/protocol/money/patience.ts';
import { PaidScene } from './paid-scene.ts';

it('K13 an RPC that is two blocks behind: a channel opens, is paid on and closes to the unit', async () => {
  await using scene = await PaidScene.open({ chain: { blockSeconds: 1 }, lag: 2n });
  const agent = await scene.agent();
  // What the agent has is old news, also to a node that lags.
  await scene.chain.mine(3);
  const answers = [await scene.ask(agent.client, 200), await scene.ask(agent.client, 200)];
  expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  await agent.client.idle();
  const used = scene.cost(answers);
  expect(await agent.client.close()).toMatchObject({ settled: used });
  expect(await scene.dollars(agent.address)).toBe(1_000_000n - used);
});

it('K13 H3 an RPC that is down past the limit of blindness: nothing more is accepted, and all goes on when it is back', async () => {
  await using scene = await PaidScene.open({ chain: { blockSeconds: 1 }, money: { blindMs: 3_000 } });
  const agent = await scene.agent();
  expect((await scene.ask(agent.client, 64)).status).toBe(200);
  scene.gate.isDown = true;
  // Up to the limit it serves on.
  expect((await scene.ask(agent.client, 64)).status).toBe(200);
  await scene.until(
    async () => (await scene.ask(agent.client, 32)).status === 503,
    'the relay to be blind',
    20,
  );
  const refused = await scene.ask(agent.client, 32);
  expect(refused).toMatchObject({ status: 503, body: { error: { code: 'chain_blind' } } });

  scene.gate.isDown = false;
  await scene.until(
    async () => (await scene.ask(agent.client, 32)).status === 200,
    'the relay to see again',
    20,
  );
  await agent.client.idle();
  const closed = await agent.client.close();
  expect(closed?.settled).toBe((BigInt(agent.client.channel?.spent ?? 0n) + 999_999n) / 1_000_000n);
});

it('K13 H3 an RPC that tells the newest block and nothing else: the relay is blind', async () => {
  await using scene = await PaidScene.open({ chain: { blockSeconds: 1 }, money: { blindMs: 3_000 } });
  const agent = await scene.agent();
  expect((await scene.ask(agent.client, 64)).status).toBe(200);
  const isBlind = async (): Promise<boolean> => {
    const { body, status } = await scene.ask(agent.client, 32);
    return status === 503 && body.error?.code === 'chain_blind';
  };
  scene.gate.refused.add('eth_getLogs');
  await scene.until(isBlind, 'the relay to be blind', 10);
  scene.gate.refused.clear();
  await scene.until(async () => !(await isBlind()), 'the relay to see again', 10);
});

it('K5 K13 H8 a pool of two nodes, one of them two blocks behind: channels open, and no request to close is missed', async () => {
  await using scene = await PaidScene.open({
    chain: { blockSeconds: 1, gracePeriod: 3_600 },
    money: { confirmations: DEFAULT_CONFIRMATIONS },
  });
  const agents = await Promise.all(Array.from({ length: 2 }, () => scene.agent({ gas: 10n ** 18n })));
  // What the agents have is old news, also to a node that lags.
  await scene.chain.mine(3);
  scene.gate.poolLag = 2n;
  await Promise.all(agents.map(({ client }) => client.open()));
  const { escrow: contract } = scene.chain.deployment;
  for (const agent of agents) {
    await agent.chain.send(requestCloseCall(contract, agent.channel));
    await pause(300);
  }
  await scene.until(
    async () => {
      const all = await Promise.all(agents.map(({ channel }) => statusOf(scene, channel)));
      return all.every(({ state }) => state === 'closing');
    },
    'the relay to see that all of them close',
    8,
  );
});

it('K13 K14 a reorganisation two blocks deep, at a relay as it is shipped: what it takes back pays for nothing, and what it undid is done again', async () => {
  await using scene = await PaidScene.open({
    // Providers wait for their money: nothing but what is looked at here is sent.
    money: { confirmations: DEFAULT_CONFIRMATIONS, confirmMs: 10_000, quick: false },
  });
  const { chain } = scene;
  const { escrow } = chain.deployment;
  const agent = await scene.agent({ gas: 10n ** 18n });

  // A deposit counts as soon as there is a block on top of its own; both are replaced then.
  const opening = agent.client.open();
  await scene.until(async () => (await scene.dollars(escrow)) > 0n, 'the opening to be in a block');
  const raw = await rawTransaction(scene);
  await chain.mine(1);
  await opening;
  await chain.ask('anvil_reorg', [2, []]);
  expect(await scene.dollars(escrow)).toBe(0n);
  await chain.mine(1);
  const verdict = async (): Promise<unknown> => {
    const { body, status } = await scene.ask(agent.client, 32);
    return body.error?.code ?? status;
  };
  await scene.until(async () => (await verdict()) === 'deposit_unconfirmed', 'the relay to stop', 5);
  // It waited to be mined again, as what a reorganisation takes out does.
  await chain.ask('eth_sendRawTransaction', [raw]);
  await chain.mine(1);
  await scene.until(async () => (await verdict()) === 200, 'the relay to serve again', 5);

  await agent.client.idle();
  const settled = async (): Promise<bigint> => (await scene.channelState(agent.channel)).settled;
  await agent.chain.send(requestCloseCall(escrow, agent.channel));
  await scene.until(async () => (await settled()) > 0n, 'the settlement to be in a block');
  const drawn = await settled();
  await chain.mine(1);
  await scene.until(
    async () => (await statusOf(scene, agent.channel)).settled === String(drawn),
    'the relay to take it for settled',
  );
  await chain.ask('anvil_reorg', [2, []]);
  expect(await settled()).toBe(0n);
  await withBlocks(scene, () =>
    scene.until(async () => (await settled()) === drawn, 'the settlement to be made again', 15),
  );
});

it('K13 H8 a request to close that a reorganisation puts into a block that was looked at is seen', async () => {
  await using scene = await PaidScene.open({
    // So long that no channel is read anew for that alone.
    chain: { gracePeriod: 3_600 },
    money: { confirmations: DEFAULT_CONFIRMATIONS, quick: false },
  });
  const { chain } = scene;
  const agent = await scene.agent({ gas: 10n ** 18n });
  await withBlocks(scene, () => agent.client.open());
  await chain.mine(2);
  await pause(500);
  await chain.ask('anvil_impersonateAccount', [agent.address]);
  const { data, to } = requestCloseCall(chain.deployment.escrow, agent.channel);
  await chain.ask('anvil_reorg', [2, [[{ from: agent.address, to, input: data, gas: '0x30d40' }, 0]]]);
  expect((await scene.channelState(agent.channel)).closeRequestedAt).not.toBeNull();
  await chain.mine(1);
  await scene.until(
    async () => (await statusOf(scene, agent.channel)).state === 'closing',
    'the relay to see the request',
    5,
  );
});

/** What the relay says of a channel. */
async function statusOf(scene: PaidScene, channel: Hex): Promise<{ state: string; settled: string }> {
  const answer = await fetch(`${scene.server.url}/v1/payment/channels/${channel}`);
  return (await answer.json()) as { state: string; settled: string };
}

/** The newest block's only transaction, as it was sent. */
async function rawTransaction({ chain }: PaidScene): Promise<unknown> {
  const block = await chain.ask('eth_getBlockByNumber', ['latest', false]);
  const { transactions } = block as { transactions: [Hex] };
  return chain.ask('eth_getRawTransactionByHash', [transactions[0]]);
}

/** Blocks come all the while. */
async function withBlocks<T>(scene: PaidScene, work: () => Promise<T>): Promise<T> {
  const over = new AbortController();
  const blocks = (async () => {
    while (!over.signal.aborted) {
      await pause(200);
      await scene.chain.mine(1);
    }
  })();
  try {
    return await work();
  } finally {
    over.abort();
    await blocks;
  }
}
