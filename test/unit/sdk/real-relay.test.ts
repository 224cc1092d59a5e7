import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Hex } from '../../../src/core/bytes.ts';
import { keyWallet } from '../../../src/sdk/wallet.ts';
import { textOf } from './support/agent.ts';
import {
  agentOf,
  ask,
  during,
  KEY,
  openWorld,
  PROMPT_FEE,
  read,
  spentBy,
  UNIT,
} from './support/real-scene.ts';

describe('with the relay itself', () => {
  it('M3 M5 M9 opens, pays as it counts, agrees to the pico, and closes', async () => {
    const scene = agentOf(await openWorld(1));
    const { client, problems, world } = scene;
    const text = await read(scene, 200);
    expect(textOf(text).split(' ')).toHaveLength(201);
    expect(text).not.toMatch(/token_ids|payment-/);
    await during(world, client.idle());
    const cost = PROMPT_FEE + 200n * UNIT;
    expect(client.receipts).toMatchObject([{ problems: [], cost, charged: cost }]);
    expect(spentBy(scene)).toBe(cost);
    const closed = await during(world, client.close());
    expect(closed).toMatchObject({ settled: 202n, refunded: 10_000n - 202n });
    expect(world.chain.balanceOf(keyWallet(KEY).address)).toBe(1_000_000n - 202n);
    expect(problems).toEqual([]);
    expect(world.broken).toEqual([]);
  });

  it('pays each position once when its tab is lost in mid-stream', async () => {
    const scene = agentOf(await openWorld(2));
    const { client, problems, world } = scene;
    const response = await during(world, ask(scene, 150));
    const reading = response.text();
    world.addTab({ stepMs: 10 });
    await world.clock.advance(600);
    await turn();
    world.tabs[0]?.cut();
    const text = await during(world, reading);
    expect(textOf(text).split(' ')).toHaveLength(151);
    await during(world, client.idle());
    const cost = PROMPT_FEE + 150n * UNIT;
    expect(client.receipts[0]?.receipt.attempts).toHaveLength(2);
    expect(client.receipts).toMatchObject([{ problems: [], cost, charged: cost }]);
    expect(spentBy(scene)).toBe(cost);
    expect([problems, world.broken]).toEqual([[], []]);
  });

  it('streams side by side on one channel', async () => {
    const scene = agentOf(await openWorld(3, 2));
    const { client, problems, world } = scene;
    const texts = await Promise.all(Array.from({ length: 6 }, (_, at) => read(scene, 60 + at)));
    expect(texts.map((text) => textOf(text).split(' ').length)).toEqual([61, 62, 63, 64, 65, 66]);
    await during(world, client.idle());
    const cost = 6n * PROMPT_FEE + BigInt(60 + 61 + 62 + 63 + 64 + 65) * UNIT;
    expect(spentBy(scene)).toBe(cost);
    expect(client.channel?.spent).toBe(cost);
    expect(client.receipts.flatMap(({ problems: wrong }) => wrong)).toEqual([]);
    expect([problems, world.broken]).toEqual([[], []]);
  });

  it('ends by length at its budget, with a receipt that verifies', async () => {
    const scene = agentOf(await openWorld(4), { budget: '0.0001' });
    const { client, problems, world } = scene;
    const text = await read(scene, 500);
    expect(text).toContain('"finish_reason":"length"');
    expect(textOf(text).split(' ')).toHaveLength(99);
    await during(world, client.idle());
    expect(client.receipts).toMatchObject([{ problems: [], cost: PROMPT_FEE + 98n * UNIT }]);
    expect([problems, world.broken]).toEqual([[], []]);
  });

  it('ends by length where another stream drank up the budget, and nothing is lost', async () => {
    const scene = agentOf(await openWorld(5, 2), { budget: '0.0002' });
    const { client, world } = scene;
    const texts = await Promise.all([read(scene, 500), read(scene, 500)]);
    expect(texts.every((text) => text.includes('"finish_reason":"length"'))).toBe(true);
    await during(world, client.idle());
    expect(client.receipts.flatMap(({ problems }) => problems)).toEqual([]);
    const row = world.ledger.state.channels.get(client.channel?.channelId as Hex);
    expect(row?.accepted).toBeLessThanOrEqual(200n * UNIT);
    expect(client.channel?.spent).toBe(row?.spent);
    expect(world.broken).toEqual([]);
  });

  it('is charged for a cancelled stream what its receipt says', async () => {
    const scene = agentOf(await openWorld(6));
    const { client, problems, world } = scene;
    const response = await during(world, ask(scene, 300));
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    for (let events = 0; events < 8; events++) await during(world, reader.read());
    await during(world, reader.cancel());
    await during(world, client.idle());
    expect(client.channel).toMatchObject({ live: 0, spent: spentBy(scene) });
    const closed = await during(world, client.close());
    expect((closed?.settled ?? 0n) * UNIT).toBeLessThan((spentBy(scene) ?? 0n) + UNIT);
    expect([problems, world.broken]).toEqual([[], []]);
  });

  it('goes on with its channel after its own restart, and after the relay’s', async () => {
    const world = await openWorld(7);
    const first = agentOf(world);
    await read(first, 40);
    await during(world, first.client.idle());
    const second = agentOf(world, { state: first.state() ?? '' });
    const broken = await during(world, ask(second, 300));
    const reading = broken.text().catch((error: unknown) => error);
    await world.clock.advance(500);
    world.restart();
    await world.clock.advance(5_000);
    void reading;
    const third = agentOf(world, { state: second.state() ?? '' });
    const text = await read(third, 40);
    expect(textOf(text).split(' ')).toHaveLength(41);
    await during(world, third.client.idle());
    expect(third.client.channel?.spent).toBe(spentBy(third));
    expect(third.problems).toEqual([]);
    expect(world.broken).toEqual([]);
  });

  it('tops up a small deposit', async () => {
    const scene = agentOf(await openWorld(8), { deposit: '0.0001' });
    const { client, problems, world } = scene;
    expect(textOf(await read(scene, 90)).split(' ')).toHaveLength(91);
    expect(textOf(await read(scene, 90)).split(' ')).toHaveLength(91);
    expect(client.channel?.deposit).toBeGreaterThan(100n);
    expect([problems, world.broken]).toEqual([[], []]);
  });
});
