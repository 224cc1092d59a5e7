import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { simRequest } from '../../../src/sim/sim-agent.ts';
import { simReference } from '../../../src/sim/sim-engine.ts';
import { SIM_MODEL } from '../../../src/sim/sim-model.ts';
import { requestIn } from '../../../src/sim/sim-payer.ts';
import {
  agentOf,
  ask,
  during,
  openWorld,
  PROMPT_FEE,
  read,
  type Scene,
  spentBy,
  UNIT,
} from './support/real-scene.ts';

const prompt = SIM_MODEL.tokenizer.chat([{ role: 'user', content: 'hello' }]);

/** The ids of each choice, as its text shows them. */
function idsOf(stream: string, choices: number): number[][] {
  const ids = Array.from({ length: choices }, (): number[] => []);
  for (const [, data] of stream.matchAll(/^data: (\{.*)$/gm)) {
    const { choices: pieces = [] } = JSON.parse(data as string) as {
      choices?: { index: number; delta: { content?: string } }[];
    };
    for (const { delta, index } of pieces)
      ids[index]?.push(...(delta.content ?? '').split(' ').filter(Boolean).map(Number));
  }
  return ids;
}

/** Each choice has its receipt, and each position of it was paid once. */
async function checkReceipts({ client, world }: Scene, ids: readonly number[][]): Promise<void> {
  const receipts = [...client.receipts].sort((a, b) => a.receipt.choice - b.receipt.choice);
  expect(receipts.map(({ problems }) => problems)).toEqual(ids.map(() => []));
  for (const [choice, { charged, cost, receipt }] of receipts.entries()) {
    const own = ids[choice] as number[];
    expect(receipt).toMatchObject({ choice, outputTokens: own.length });
    expect(own).toEqual(simReference(prompt, receipt.seed, own.length, { choice }));
    expect([cost, charged]).toEqual([PROMPT_FEE + BigInt(own.length) * UNIT, cost]);
    expect(await world.receipt(receipt.job)).toEqual(receipt);
  }
  const earned = [...world.ledger.state.providers.values()].reduce((sum, row) => sum + row.earned, 0n);
  const shares = receipts.map(({ cost }) => (cost * 9_500n) / 10_000n);
  expect(earned).toBe(shares.reduce((sum, share) => sum + share, 0n));
}

describe('A7 paid choices', () => {
  it('M8 cost their prompt and their tokens, each by its own receipt', async () => {
    const scene = agentOf(await openWorld(11));
    const { client, problems, world } = scene;
    const text = await read(scene, 100, { n: 3, stream_options: { include_usage: true } });
    expect(text).not.toMatch(/token_ids|payment-/);
    expect(text).toContain(
      `"usage":{"prompt_tokens":${3 * prompt.length},"completion_tokens":300,"total_tokens":${3 * prompt.length + 300}}`,
    );
    await during(world, client.idle());
    const ids = idsOf(text, 3);
    expect(ids.map(({ length }) => length)).toEqual([100, 100, 100]);
    await checkReceipts(scene, ids);
    expect(spentBy(scene)).toBe(3n * PROMPT_FEE + 300n * UNIT);
    expect(client.channel?.spent).toBe(spentBy(scene));
    expect([problems, world.broken, world.ledger.state.jobs.size]).toEqual([[], [], 0]);
    const closed = await during(world, client.close());
    expect(closed?.settled).toBe((3n * PROMPT_FEE + 300n * UNIT + UNIT - 1n) / UNIT);
  });

  it('M8 are paid once where one of them moves', async () => {
    let moved = 0;
    for (let seed = 20; seed < 24; seed++) {
      const scene = agentOf(await openWorld(seed, 2));
      const { client, problems, world } = scene;
      const response = await during(world, ask(scene, 120, { n: 4 }));
      const reading = response.text();
      world.addTab({ stepMs: 10 });
      await world.clock.advance(300 + seed * 20);
      await turn();
      world.tabs[0]?.cut();
      const text = await during(world, reading);
      await during(world, client.idle());
      const ids = idsOf(text, 4);
      expect(ids.map(({ length }) => length)).toEqual([120, 120, 120, 120]);
      await checkReceipts(scene, ids);
      moved += client.receipts.reduce((sum, { receipt }) => sum + receipt.attempts.length - 1, 0);
      expect(spentBy(scene)).toBe(4n * PROMPT_FEE + 480n * UNIT);
      expect([problems, world.broken]).toEqual([[], []]);
    }
    expect(moved).toBeGreaterThan(4);
  });

  it('M5 are charged as far as they came when their reader goes', async () => {
    const scene = agentOf(await openWorld(12));
    const { client, problems, world } = scene;
    const response = await during(world, ask(scene, 300, { n: 3 }));
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    for (let events = 0; events < 20; events++) await during(world, reader.read());
    await during(world, reader.cancel());
    await during(world, client.idle());
    expect(client.channel).toMatchObject({ live: 0, spent: spentBy(scene) });
    expect(client.receipts.map(({ receipt }) => receipt.choice).toSorted((a, b) => a - b)).toEqual([0, 1, 2]);
    expect(client.receipts.map(({ receipt }) => receipt.finish)).toEqual([null, null, null]);
    expect([problems, world.broken, world.ledger.state.jobs.size]).toEqual([[], [], 0]);
  });

  it('M5 share a budget: each gets its first chunk, and all end by length', async () => {
    const scene = agentOf(await openWorld(13), { budget: '0.0002' });
    const { client, world } = scene;
    const text = await read(scene, 500, { n: 3 });
    expect(text.match(/"finish_reason":"length"/g)).toHaveLength(3);
    await during(world, client.idle());
    for (const own of idsOf(text, 3)) expect(own.length).toBeGreaterThanOrEqual(32);
    expect(client.receipts.flatMap(({ problems }) => problems)).toEqual([]);
    expect(client.channel?.spent).toBe(spentBy(scene));
    expect(spentBy(scene)).toBeLessThanOrEqual(200n * UNIT);
    expect(world.broken).toEqual([]);
  });

  it('M5 that a budget does not pay for are not begun, and nothing is spent', async () => {
    const scene = agentOf(await openWorld(14), { budget: '0.0001' });
    const { client, world } = scene;
    const refused = await during(world, ask(scene, 500, { n: 100 }));
    expect([refused.status, await refused.json()]).toMatchObject([
      402,
      { error: { code: 'budget_exhausted' } },
    ]);
    expect(spentBy(scene) ?? 0n).toBe(0n);
    expect(client.channel?.spent ?? 0n).toBe(0n);
    expect(world.ledger.state.jobs.size).toBe(0);
  });

  it('H1 are quoted together, and H4 repeated together', async () => {
    const world = await openWorld(15);
    const payer = world.payer();
    payer.open(10_000n);
    await world.clock.advance(5_000);
    const messages = [{ role: 'user', content: 'hello' }];
    const body = JSON.stringify({ model: 'sim', messages, max_tokens: 40, n: 3, stream: true });
    const relay = world.relay;
    const asked = simRequest(relay, { body });
    await world.clock.advance(20);
    expect(asked.status).toBe(402);
    const quoted = requestIn(asked.headers['www-authenticate'] as string);
    expect(quoted).toMatchObject({
      amount: String((3n * (PROMPT_FEE + 40n * UNIT) + UNIT - 1n) / UNIT),
      methodDetails: { afterglow: { choices: 3, promptTokens: prompt.length } },
    });
    // A voucher for two of the three starts none of them.
    const short = payer.send(payer.wallet.voucher(70n), { body });
    await world.clock.advance(50);
    const { error, required } = JSON.parse(short.text) as { error: { code: string }; required: string };
    expect([short.status, error.code]).toEqual([402, 'voucher_insufficient']);
    expect(Number(required)).toBe(Math.ceil(3 * (1.4 + 32)));
    expect(world.ledger.state.jobs.size).toBe(0);
    const paid = payer.wallet.voucher(125n);
    const headers = { 'idempotency-key': 'k' };
    const first = payer.send(paid, { body, headers });
    await world.clock.advance(100);
    const second = payer.send(paid, { body, headers });
    await world.clock.advance(5_000);
    expect([first.done, second.done]).toEqual([true, true]);
    expect(second.headers['x-afterglow-jobs']).toBe(first.headers['x-afterglow-jobs']);
    expect(idsOf(second.text, 3)).toEqual(idsOf(first.text, 3));
    const row = world.ledger.state.channels.get(payer.wallet.channel);
    expect(row?.spent).toBe(3n * PROMPT_FEE + 120n * UNIT);
    expect(world.broken).toEqual([]);
  });
});
