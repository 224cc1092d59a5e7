import { setTimeout as pause } from 'node:timers/promises';
import { type Abi, toFunctionSelector } from 'viem';
import { expect, it } from 'vitest';
import { newAccount } from '../../../scripts/network/test-chain.ts';
import { paymentChannelAbi } from '../../../src/chain/generated/payment-channel-abi.ts';
import { payoutHubAbi } from '../../../src/chain/generated/payout-hub-abi.ts';
import { readPaid } from '../../../src/chain/hub.ts';
import type { Hex } from '../../../src/core/bytes.ts';
import { DEFAULT_CONFIRMATIONS } from '../../../src/protocol/money/patience.ts';
import { PaidScene } from './paid-scene.ts';

const GAS = 10n ** 18n;

const OPEN = selectorOf(paymentChannelAbi, 'openWithAuthorization');
const TOP_UP = selectorOf(paymentChannelAbi, 'topUpWithAuthorization');
const REDEEM = selectorOf(payoutHubAbi, 'redeem');

interface Waiting {
  readonly from: Hex;
  readonly to: Hex;
  readonly input: Hex;
}

interface Stolen {
  /** The call's selector. */
  readonly call: string;
  readonly hash: Hex;
}

/**
 * Somebody who watches what waits to be mined. For each of the relay's transactions to a contract it sends the same call
 * at a higher price, so that its own comes first in the block; then the block is made, and an empty one on top of it.
 */
class FrontRunner implements AsyncDisposable {
  readonly #stolen: Stolen[] = [];
  readonly #scene: PaidScene;
  readonly #targets: ReadonlySet<Hex>;
  #over = false;
  #watching: Promise<void> = Promise.resolve();

  constructor(scene: PaidScene, targets: readonly Hex[]) {
    this.#scene = scene;
    this.#targets = new Set(targets);
  }

  async start(): Promise<void> {
    const { address } = newAccount();
    const { chain } = this.#scene;
    await chain.fund(address, 0n, GAS);
    await chain.ask('anvil_impersonateAccount', [address]);
    await chain.automine(false);
    this.#watching = this.#watch(address);
  }

  /** The calls that it came first with: they took effect when it sent them. */
  async firsts(): Promise<Set<string>> {
    const { chain } = this.#scene;
    const firsts = new Set<string>();
    for (const { call, hash } of this.#stolen) {
      const receipt = (await chain.ask('eth_getTransactionReceipt', [hash])) as { status: Hex } | null;
      if (receipt?.status === '0x1') firsts.add(call);
    }
    return firsts;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over = true;
    await this.#watching;
    await this.#scene.chain.automine(true);
    await this.#scene.chain.mine(1);
  }

  async #watch(thief: Hex): Promise<void> {
    const { chain } = this.#scene;
    let wasBusy = false;
    while (!this.#over) {
      const pool = (await chain.ask('txpool_content', [])) as {
        pending: Readonly<Record<string, Readonly<Record<string, Waiting>>>>;
      };
      const waiting = Object.values(pool.pending).flatMap((byNumber) => Object.values(byNumber));
      for (const { from, to, input } of waiting) {
        if (from.toLowerCase() === thief || !this.#targets.has(to.toLowerCase() as Hex)) continue;
        const price = { maxFeePerGas: '0x174876e800', maxPriorityFeePerGas: '0x174876e800' };
        const transaction = { from: thief, to, input, gas: '0xf4240', ...price };
        const hash = (await chain.ask('eth_sendTransaction', [transaction])) as Hex;
        this.#stolen.push({ call: input.slice(0, 10), hash });
      }
      const isBusy = waiting.length > 0;
      if (isBusy || wasBusy) await chain.mine(1);
      // The relay looks at it before it is confirmed.
      await pause(isBusy ? 300 : 20);
      wasBusy = isBusy;
    }
  }
}

it('K5 K14 somebody comes first with a sponsored opening and a top-up: the channel is the agent’s all the same', async () => {
  await using scene = await PaidScene.open({
    money: { confirmations: DEFAULT_CONFIRMATIONS, confirmMs: 3_000, quick: false },
  });
  const { escrow: contract } = scene.chain.deployment;
  const agent = await scene.agent({ deposit: '0.0012', budget: '0.01' });
  let firsts: Set<string>;
  {
    await using thief = new FrontRunner(scene, [contract]);
    await thief.start();
    await agent.client.open();
    // More than the deposit pays for: topped up on the way.
    const answers = [await scene.ask(agent.client, 900), await scene.ask(agent.client, 900)];
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(answers.map(({ body }) => body.usage.completion_tokens)).toEqual([900, 900]);
    firsts = await thief.firsts();
    await agent.client.idle();
    const { deposit, payer } = await scene.channelState(agent.channel);
    expect(payer).toBe(agent.address);
    expect(agent.client.channel).toMatchObject({ deposit });
    expect(deposit).toBeGreaterThanOrEqual(scene.cost(answers));
    expect(await scene.dollars(agent.address)).toBe(1_000_000n - deposit);
  }
  expect([...firsts]).toEqual(expect.arrayContaining([OPEN, TOP_UP]));
});

it('K10 M14 somebody comes first with a payout: the provider is paid once, and the relay books what the chain says', async () => {
  await using scene = await PaidScene.open();
  const { hub } = scene.chain.deployment;
  const agent = await scene.agent();
  await using thief = new FrontRunner(scene, [hub]);
  const answers = [await scene.ask(agent.client, 400)];
  await thief.start();
  const share = (scene.cost(answers) * 95n) / 100n;
  await scene.until(
    async () => (await readPaid(scene.relayChain, hub, scene.account)) >= share - 1n,
    'the payout',
    30,
  );
  const paid = await readPaid(scene.relayChain, hub, scene.account);
  expect(await scene.dollars(scene.account)).toBe(paid);
  expect(await thief.firsts()).toEqual(new Set([REDEEM]));
  await scene.until(
    () => scene.provider.status().income?.paid === String(paid * 1_000_000n),
    'the tab to hear of it',
  );
});

function selectorOf(abi: Abi, name: string): Hex {
  const found = abi.find((entry) => entry.type === 'function' && entry.name === name);
  if (found?.type !== 'function') throw new Error(`There is no function ${name}.`);
  return toFunctionSelector(found);
}
