import { describe, expect, it } from 'vitest';
import type { EmbedJobReceipt } from '../../../src/protocol/money/embed-job-receipt.ts';
import { verifyEmbedReceipt } from '../../../src/protocol/money/embed-job-receipt.ts';
import { shareOf } from '../../../src/protocol/money/price.ts';
import { vectorBytes } from '../../../src/protocol/wire/vectors.ts';
import { createPaidWorld, type PaidWorld } from '../../../src/sim/paid-world.ts';
import type { SimAnswer } from '../../../src/sim/sim-agent.ts';
import { simVector } from '../../../src/sim/sim-embedder.ts';
import type { SimPayer } from '../../../src/sim/sim-payer.ts';
import { lose } from './lose-tab.ts';

const PRICE = { out: 1_000_000n, prompt: 200_000n };
async function open(seed: number, tabs = 3): Promise<{ world: PaidWorld; payer: SimPayer }> {
  const world = createPaidWorld(seed, { price: PRICE });
  for (let i = 0; i < tabs; i++)
    world.addTab({ stepMs: 10, embeds: { tokenMs: 1 + world.random.between(0, 4), alone: i % 2 === 1 } });
  await world.clock.advance(3_000);
  const payer = world.payer();
  payer.open(100_000n);
  await world.clock.advance(5_000);
  return { world, payer };
}

interface Asked {
  readonly input: number[][];
  readonly answer: SimAnswer;
}

function randomInput(world: PaidWorld): number[][] {
  const { random } = world;
  return Array.from({ length: random.between(1, 300) }, () =>
    Array.from({ length: random.between(1, 12) }, () => random.between(0, 999)),
  );
}

const tokensOf = (input: readonly (readonly number[])[]): bigint => BigInt(input.flat().length);

/** Checks an answer against the one right vector of each input, and every receipt of it. */
async function receiptsOf(world: PaidWorld, { answer, input }: Asked): Promise<EmbedJobReceipt[]> {
  expect(answer.status, answer.text).toBe(200);
  const { data, usage } = JSON.parse(answer.text) as {
    data: { embedding: number[] }[];
    usage: { prompt_tokens: number };
  };
  expect(data.map(({ embedding }) => embedding)).toEqual(input.map((ids) => [...simVector(ids)]));
  expect(BigInt(usage.prompt_tokens)).toBe(tokensOf(input));
  const jobs = (answer.headers['x-afterglow-jobs'] ?? answer.headers['x-afterglow-job'] ?? '').split(',');
  const receipts: EmbedJobReceipt[] = [];
  let at = 0;
  for (const job of jobs) {
    const receipt = await world.embedReceipt(job);
    if (!receipt) throw new Error('A receipt is missing.');
    const inputs = input.slice(at, (at += receipt.inputs));
    const vectors = vectorBytes(inputs.map((ids) => simVector(ids)));
    expect(verifyEmbedReceipt(receipt, { inputs, vectors })).toEqual([]);
    receipts.push(receipt);
  }
  expect(at).toBe(input.length);
  return receipts;
}

describe('V5, M8: vectors are paid for once, to the tab that brought them', () => {
  for (const loss of ['closed', 'cut', 'paused', 'stopped'] as const) {
    it(`whoever is lost on the way: tab ${loss}`, async () => {
      let moved = 0;
      for (let seed = 1; seed <= 3; seed++) {
        const { world, payer } = await open(seed);
        const asked: Asked[] = [];
        for (let round = 0; round < 4; round++) {
          const input = randomInput(world);
          asked.push({ input, answer: payer.embed(input, `key ${round}`) });
          await world.clock.advance(world.random.between(50, 700));
          await lose(world, world.random.pick(world.tabs), loss);
        }
        await world.clock.advance(60_000);

        const earned = new Map<string, bigint>();
        for (const request of asked) {
          for (const { attempts, tokens } of await receiptsOf(world, request)) {
            moved += attempts.length - 1;
            const last = attempts.at(-1);
            const share = shareOf(BigInt(tokens) * PRICE.prompt, world.terms.feeBps);
            expect(last?.receipt?.total).toBe(String(share));
            earned.set(last?.provider ?? '', (earned.get(last?.provider ?? '') ?? 0n) + share);
          }
        }
        const spent = asked.reduce((sum, { input }) => sum + tokensOf(input) * PRICE.prompt, 0n);
        const [row] = world.ledger.state.channels.values();
        expect(row).toMatchObject({ spent, reserved: 0n });
        for (const [account, { earned: amount }] of world.ledger.state.providers)
          expect(amount).toBe(earned.get(account) ?? 0n);
        expect(world.ledger.state.jobs.size).toBe(0);
        expect(world.broken).toEqual([]);
      }
      expect(moved).toBeGreaterThan(0);
    }, 30_000);
  }

  it('M6 a relay that is killed in between charges nothing twice, and holds nothing for ever', async () => {
    for (let seed = 1; seed <= 4; seed++) {
      const { world, payer } = await open(seed);
      const asked: Asked[] = [];
      for (let round = 0; round < 3; round++) {
        const input = randomInput(world);
        asked.push({ input, answer: payer.embed(input) });
        await world.clock.advance(world.random.between(20, 900));
        world.restart();
        await world.clock.advance(5_000);
      }
      await world.clock.advance(30_000);
      const [row] = world.ledger.state.channels.values();
      const most = asked.reduce((sum, { input }) => sum + tokensOf(input) * PRICE.prompt, 0n);
      expect(row?.spent).toBeLessThanOrEqual(most);
      expect(row?.reserved).toBe(0n);
      expect(world.ledger.state.jobs.size).toBe(0);
      expect(world.broken).toEqual([]);
    }
  }, 30_000);

  it('H4 the same request again is heard again and charged once; another under its name is refused', async () => {
    const { world, payer } = await open(1);
    const input = [[1, 2, 3], [4]];
    const first = payer.embed(input, 'mine');
    const joined = payer.embed(input, 'mine');
    await world.clock.advance(2_000);
    const later = payer.embed(input, 'mine');
    const other = payer.embed([[9]], 'mine');
    await world.clock.advance(1_000);
    await receiptsOf(world, { input, answer: first });
    expect([joined.text, later.text]).toEqual([first.text, first.text]);
    expect(JSON.parse(other.text)).toMatchObject({ error: { code: 'idempotency_key_reused' } });
    const [row] = world.ledger.state.channels.values();
    expect(row?.spent).toBe(4n * PRICE.prompt);
  });

  it('V5 who leaves early pays for what came, and no more', async () => {
    const { world, payer } = await open(3, 1);
    const input = Array.from({ length: 900 }, () => [1, 2, 3]);
    const answer = payer.embed(input);
    await world.clock.advance(800);
    answer.leave();
    await world.clock.advance(10_000);
    const [row] = world.ledger.state.channels.values();
    expect(row?.reserved).toBe(0n);
    expect(row?.spent).toBeLessThan(tokensOf(input) * PRICE.prompt);
    expect(world.ledger.state.jobs.size).toBe(0);
    expect(world.broken).toEqual([]);
  });

  it('H3 says what it costs before anything is made, and refuses a voucher that does not do', async () => {
    const { world, payer } = await open(1);
    payer.embedded = -10;
    const answer = payer.embed([[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]]);
    await world.clock.advance(1_000);
    expect(answer.status).toBe(402);
    expect(JSON.parse(answer.text)).toMatchObject({ error: { code: 'voucher_insufficient' } });
    const [row] = world.ledger.state.channels.values();
    expect(row).toMatchObject({ spent: 0n, reserved: 0n });
  });
});
