import { describe, expect, it } from 'vitest';
import { createSimWorld, type SimWorld } from '../../../src/sim/sim-world.ts';

function slotsOf(world: SimWorld): { slots: number; free: number } {
  const [model] = world.relay.figures().models;
  return { slots: model?.slots ?? 0, free: model?.free_slots ?? 0 };
}

describe('P1, P2, P3 the account of slots, with the real provider', () => {
  it('is the same at both ends after ends and cancels that cross each other, and after pauses and limits', async () => {
    for (let seed = 1; seed <= 12; seed++) {
      const world = createSimWorld(seed);
      const tab = world.addTab({ slots: 3, stepMs: 10 });
      await world.clock.advance(200);
      expect(slotsOf(world)).toEqual({ slots: 3, free: 3 });
      for (let i = 0; i < 25; i++) {
        const content = 'x'.repeat(1 + world.random.between(0, 5));
        const answer = world.ask({
          messages: [{ role: 'user', content }],
          max_tokens: 1 + world.random.between(0, 12),
        });
        await world.clock.advance(world.random.between(0, 120));
        if (world.random.unit() < 0.6) answer.leave();
        if (world.random.unit() < 0.15) {
          tab.provider.pause({ code: 'paused', message: 'The owner plays.' });
          await world.clock.advance(world.random.between(0, 60));
          tab.provider.resume();
        }
        if (world.random.unit() < 0.3) tab.provider.limitSlots(world.random.between(1, 4));
      }
      await world.clock.advance(40_000);
      const limit = world.random.between(1, 4);
      tab.provider.limitSlots(limit);
      await world.clock.advance(200);
      expect(slotsOf(world), `seed ${seed}`).toEqual({ slots: limit, free: limit });
      tab.provider.limitSlots(3);
      await world.clock.advance(200);
      expect(slotsOf(world), `seed ${seed}`).toEqual({ slots: 3, free: 3 });
      expect(world.relay.figures().jobs).toMatchObject({ running: 0, waiting: 0 });
    }
  });
});
