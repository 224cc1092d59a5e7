import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { requestCloseCall } from '../../../src/chain/channel.ts';
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

it('K13 H8 a pool of two nodes, one of them two blocks behind: no request to close is missed', async () => {
  await using scene = await PaidScene.open({ chain: { blockSeconds: 1 } });
  const agents = await Promise.all(Array.from({ length: 2 }, () => scene.agent({ gas: 10n ** 18n })));
  await Promise.all(agents.map(({ client }) => client.open()));
  scene.gate.poolLag = 2n;
  const { escrow: contract } = scene.chain.deployment;
  for (const agent of agents) {
    await agent.chain.send(requestCloseCall(contract, agent.channel));
    await pause(300);
  }
  const states = (): Promise<string[]> =>
    Promise.all(
      agents.map(async ({ channel }) => {
        const answer = await fetch(`${scene.server.url}/v1/payment/channels/${channel}`);
        return ((await answer.json()) as { state: string }).state;
      }),
    );
  await scene.until(
    async () => (await states()).every((state) => state === 'closing'),
    'the relay to see that all of them close',
    8,
  );
});

it('K13 K14 a reorganisation two blocks deep: a deposit does not count before it is deeper, and a settlement that it undid is made again', async () => {
  await using scene = await PaidScene.open({ money: { confirmations: 3, confirmMs: 3_000 } });
  const { chain } = scene;
  const { escrow: contract } = chain.deployment;
  const agent = await scene.agent({ gas: 10n ** 18n });

  // Two blocks deep, and gone.
  const opening = agent.client.open();
  opening.catch(() => {});
  await scene.until(async () => (await scene.dollars(contract)) > 0n, 'the opening to be in a block');
  await chain.mine(1);
  await chain.ask('anvil_reorg', [2, []]);
  expect(await scene.dollars(contract)).toBe(0n);
  await chain.mine(4);
  await expect(opening).rejects.toThrow();
  // The same authorization is good for another try.
  await withBlocks(scene, () => agent.client.open());
  expect(agent.client.channel).toMatchObject({ deposit: 10_000n });
  expect(await scene.channelState(agent.channel)).toMatchObject({ deposit: 10_000n, settled: 0n });

  const answer = await scene.ask(agent.client, 200);
  expect(answer.status).toBe(200);
  await agent.client.idle();
  const used = scene.cost([answer]);
  const settled = async (): Promise<bigint> => (await scene.channelState(agent.channel)).settled;
  await agent.chain.send(requestCloseCall(contract, agent.channel));
  await chain.mine(3);
  await scene.until(async () => (await settled()) > 0n, 'the settlement to be in a block');
  await chain.mine(1);
  await chain.ask('anvil_reorg', [2, []]);
  expect(await settled()).toBe(0n);
  await withBlocks(scene, () =>
    scene.until(async () => (await settled()) === used, 'the settlement to be made again', 30),
  );
});

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
