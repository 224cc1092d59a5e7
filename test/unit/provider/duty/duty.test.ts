import { describe, expect, it } from 'vitest';
import { createLendingWorld, order } from '../compute/lending-world.ts';
import { assignment, jobId } from '../scripted-relay.ts';

const STEP_MS = 20;

/** A lending tab with four slots whose steps take as many times as long as the game says. */
async function lend(changes: Partial<typeof order> = {}) {
  const game = { factor: 1 };
  const world = createLendingWorld({ stepMs: (rows) => STEP_MS * (1 + 0.1 * (rows - 1)) * game.factor });
  void world.lender.start({ ...order, slots: 4, ...changes });
  await world.clock.advance(2_400);
  return { ...world, game };
}

describe('an owner’s game', () => {
  it('D2 P2 has its GPU within two steps: jobs are handed back without a mark, none are taken', async () => {
    const { clock, relay, lender, game } = await lend();
    for (const n of [1, 2, 3]) relay.send({ type: 'assign', ...assignment({ job: jobId(n) }) });
    await clock.advance(500);
    game.factor = 4;
    const began = clock.now();
    // The step that runs ends as it began; two slow ones follow.
    await clock.advance(24 + 2 * 96 + 10);
    const handbacks = relay.all('handback');
    expect(handbacks.map(({ code }) => code)).toEqual(['yielding', 'yielding', 'yielding']);
    expect(handbacks[0]!.at - began).toBeLessThanOrEqual(24 + 2 * 96 + 5);
    const [withdrawal] = relay.all('models');
    expect(withdrawal).toMatchObject({ models: [] });
    expect(relay.messages.indexOf(withdrawal!)).toBeLessThan(relay.messages.indexOf(handbacks[0]!));
    expect(lender.status()).toMatchObject({
      state: { name: 'paused', reason: { code: 'yielding' } },
      duty: { mode: 'yielding', share: 0 },
    });
  });

  it('D3 gets it back when it is over: a quarter first, then all of it', async () => {
    const { clock, relay, lender, game } = await lend();
    relay.send({ type: 'assign', ...assignment({ maxTokens: 4_000, credit: 4_000 }) });
    await clock.advance(500);
    game.factor = 4;
    await clock.advance(20_000);
    expect(relay.all('models')).toHaveLength(1);
    game.factor = 1;
    const over = clock.now();
    await clock.advance(16_000);
    const back = relay.all('models').at(-1)!;
    expect(back.models).toHaveLength(1);
    expect(back.at - over).toBeLessThan(16_000);
    expect(lender.status()).toMatchObject({
      state: { name: 'waiting' },
      duty: { mode: 'eased', share: 0.25 },
    });
    relay.send({ type: 'assign', ...assignment({ lease: 1, maxTokens: 3_000, credit: 3_000 }) });
    await clock.advance(20_000);
    expect(lender.status().duty).toMatchObject({ mode: 'full', share: 1 });
  });

  it('is not looked after while the owner pauses', async () => {
    const { clock, relay, lender, engines, game } = await lend();
    relay.send({ type: 'assign', ...assignment() });
    await clock.advance(500);
    game.factor = 4;
    await clock.advance(300);
    lender.pause({ code: 'paused', message: '' });
    const { tokens } = engines[0]!.timings();
    await clock.advance(60_000);
    expect(engines[0]!.timings().tokens).toBe(tokens);
    expect(lender.status().state).toMatchObject({ name: 'paused', reason: { code: 'paused' } });
    await lender.resume();
    expect(lender.status().state).toMatchObject({ name: 'paused', reason: { code: 'yielding' } });
  });

  it('D3 is none if the owner says so', async () => {
    const { clock, relay, lender, game } = await lend();
    relay.send({ type: 'assign', ...assignment() });
    await clock.advance(500);
    game.factor = 4;
    await clock.advance(60_000);
    lender.forgetDuty();
    await clock.advance(10);
    expect(lender.status()).toMatchObject({ state: { name: 'waiting' }, duty: { mode: 'full' } });
    relay.send({ type: 'assign', ...assignment({ lease: 1, maxTokens: 200, credit: 200 }) });
    await clock.advance(30_000);
    expect(relay.all('result')).toHaveLength(1);
  });
});

describe('where the CPU does the work', () => {
  it('everything else on the machine slows a step: the tab does not give way unless asked', async () => {
    const { clock, relay, lender, game } = await lend({ giveWay: 'gpu' });
    relay.send({ type: 'assign', ...assignment({ maxTokens: 200, credit: 200 }) });
    await clock.advance(500);
    game.factor = 4;
    await clock.advance(20_000);
    expect(relay.all('result')).toHaveLength(1);
    expect(lender.status().duty).toMatchObject({ mode: 'full', watches: false });
  });
});

describe('the owner’s share', () => {
  it.each([1, 0.5, 0.1])('D4 of %f is what the steps use of the time', async (share) => {
    const { clock, relay, lender } = await lend({ share });
    relay.send({ type: 'assign', ...assignment({ maxTokens: 4_000, credit: 4_000 }) });
    await clock.advance(1_000);
    const before = lender.status().tokens;
    await clock.advance(20_000);
    const used = ((lender.status().tokens - before) * STEP_MS) / 20_000;
    expect(used).toBeGreaterThan(0.95 * share);
    expect(used).toBeLessThan(1.05 * share);
    expect(lender.status().duty).toMatchObject({ mode: 'full', share });
  });

  it('D4 P3 changes while jobs run, and the slots with it', async () => {
    const { clock, relay, lender } = await lend();
    expect(relay.all('hello')).toMatchObject([{ slots: 4 }]);
    for (const n of [1, 2, 3])
      relay.send({ type: 'assign', ...assignment({ job: jobId(n), maxTokens: 60 }) });
    await clock.advance(100);
    lender.limit({ share: 0.5, giveWay: 'always', memoryBytes: 0, promptTokens: 0 });
    await clock.advance(50);
    // One slot was free; the others come back one by one, and only two are granted again.
    expect(relay.all('revoke')).toMatchObject([{ slots: 1 }]);
    expect(relay.all('handback')).toEqual([]);
    await clock.advance(10_000);
    expect(relay.all('result').map(({ grant }) => grant)).toEqual([0, 1, 1]);
    lender.limit({ share: 1, giveWay: 'always', memoryBytes: 0, promptTokens: 0 });
    await clock.advance(10);
    expect(relay.all('grant')).toMatchObject([{ slots: 2 }]);
  });
});

describe('the owner’s cap on prompts', () => {
  it('P4 is said to the relay, and what is beyond it is handed back', async () => {
    const { clock, relay, lender } = await lend({ promptTokens: 64 });
    expect(relay.all('hello')).toMatchObject([{ room: { prompt: 64, context: 4096 } }]);
    relay.send({ type: 'assign', ...assignment({ prompt: Array(65).fill(1) }) });
    await clock.advance(10);
    expect(relay.all('handback')).toMatchObject([{ code: 'prompt_too_long', grant: 1 }]);
    lender.limit({ share: 1, giveWay: 'always', memoryBytes: 0, promptTokens: 0 });
    await clock.advance(10);
    expect(relay.all('models')).toMatchObject([{ room: { prompt: 4096, context: 4096 } }]);
  });
});
