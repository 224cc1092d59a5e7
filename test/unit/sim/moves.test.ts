import { describe, expect, it } from 'vitest';
import { verifyReceipt } from '../../../src/protocol/money/verify-receipt.ts';
import { SIM_MODEL } from '../../../src/sim/sim-model.ts';
import { simReference } from '../../../src/sim/sim-engine.ts';
import { createSimWorld, type SimTab, type SimWorld } from '../../../src/sim/sim-world.ts';
import type { RelayEvent } from '../../../src/relay/relay-events.ts';

type Loss = 'closed' | 'cut' | 'frozen' | 'paused' | 'stopped';
const losses: readonly Loss[] = ['closed', 'cut', 'frozen', 'paused', 'stopped'];

/** Loses a tab in one of the ways, and brings it back later. */
async function lose(world: SimWorld, tab: SimTab, loss: Loss): Promise<void> {
  switch (loss) {
    case 'closed':
      tab.link()?.reset();
      return;
    case 'cut':
    case 'frozen':
      // A frozen process is, to everybody else, a cable that is mended later: what it sends then is stale.
      tab.cut();
      await world.clock.advance(loss === 'cut' ? 4_000 : 12_000);
      tab.mend();
      return;
    case 'paused':
      tab.provider.pause({ code: 'paused', message: 'The owner plays.' });
      await world.clock.advance(3_000);
      tab.provider.resume();
      return;
    case 'stopped':
      await Promise.all([tab.provider.stop(), world.clock.advance(2_000)]);
      tab.provider.start();
  }
}

/** Three tabs, five streams, losses of one tab at a time at random moments until every stream has ended. */
async function live(seed: number, loss: Loss) {
  const world = createSimWorld(seed);
  const events: RelayEvent[] = [];
  world.relay.on((event) => events.push(event));
  for (let i = 0; i < 3; i++) world.addTab({ stepMs: 10 + world.random.between(0, 30) });
  await world.clock.advance(500);
  const asked = Array.from({ length: 5 }, (_, i) => {
    const count = 100 + world.random.between(0, 200);
    const content = `prompt ${i}`;
    const seedNumber = world.random.between(0, 2 ** 31);
    const answer = world.ask({ messages: [{ role: 'user', content }], max_tokens: count, seed: seedNumber });
    return { answer, count, content };
  });
  for (let round = 0; round < 4; round++) {
    await world.clock.advance(200 + world.random.between(0, 900));
    await lose(world, world.random.pick(world.tabs), loss);
  }
  await world.clock.advance(60_000);
  return { world, events, asked };
}

describe('L3, L4: a stream outlives its tab', () => {
  for (const loss of losses) {
    it(`with no id lost or doubled, 8 seeds, tab ${loss}`, async () => {
      let moves = 0;
      for (let seed = 1; seed <= 8; seed++) {
        const { world, events, asked } = await live(seed, loss);
        for (const { answer, count, content } of asked) {
          const note = `seed ${seed}: ${answer.text.slice(-300)}`;
          expect(answer.status, note).toBe(200);
          expect(answer.done, note).toBe(true);
          const receipt = await world.receipt(answer.headers['x-afterglow-job'] as string);
          if (!receipt) throw new Error(`no receipt: ${note}`);
          const prompt = SIM_MODEL.tokenizer.chat([{ role: 'user', content }]);
          expect(answer.ids, note).toEqual(simReference(prompt, receipt.seed, count));
          expect(verifyReceipt(receipt, { promptIds: prompt, outputIds: answer.ids }), note).toEqual([]);
        }
        moves += events.filter(({ type }) => type === 'jobMoved').length;
        const broken = events.filter(({ type }) => type === 'ruleBroken');
        expect(broken, `seed ${seed}`).toEqual([]);
      }
      expect(moves).toBeGreaterThan(8);
    }, 30_000);
  }
});

describe('L2 losses are noticed', () => {
  it('at once where a socket closes, and within 2 s of silence where it is cut', async () => {
    for (const [loss, bound] of [
      ['closed', 0],
      ['cut', 2_000],
    ] as const) {
      const { events } = await live(7, loss);
      const lost = events.flatMap((event) => (event.type === 'jobInterrupted' ? [event] : []));
      expect(lost.length).toBeGreaterThan(0);
      for (const { detectionMs } of lost) expect(detectionMs).toBeLessThanOrEqual(bound + 500);
    }
  });
});
