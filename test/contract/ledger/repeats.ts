import { describe, expect, it } from 'vitest';
import { REMEMBERED } from '../../../src/relay/ledger/state.ts';
import { type Scene } from './scene.ts';

const START = { chunks: 0, tokens: 0 };

export function describeRepeats(open: () => Scene): void {
  describe('repeats', () => {
    it('M10: the same id again gets the same result and changes nothing', async () => {
      const scene = open();
      await scene.startJob(200n);
      const first = scene.chunk(START, { id: 'a' });
      const second = scene.chunk({ chunks: 1, tokens: 32 }, { id: 'b' });
      const results = [await scene.done(first), await scene.done(second)];
      const rows = () => {
        const { channels, providers } = scene.ledger.state;
        return [{ ...channels.get(scene.channel), reserved: 0n }, providers.get(scene.tab(1))];
      };
      const before = rows();
      expect([await scene.done(first), await scene.done(second)]).toEqual(results);
      await scene.done({ type: 'release', job: scene.job(1), id: 'c' });
      expect(await scene.done(first)).toEqual(results[0]);
      expect(await scene.done({ type: 'release', job: scene.job(1), id: 'c' })).toMatchObject({
        spent: 64_500_000n,
      });
      expect(rows()).toEqual(before);
    });

    it('M10: the same id for something else is refused', async () => {
      const scene = open();
      await scene.startJob(200n);
      await scene.done(scene.chunk(START, { id: 'a' }));
      expect(await scene.refused({ type: 'release', job: scene.job(1), id: 'a' })).toMatchObject({
        code: 'id_reused',
      });
      expect(await scene.refused(scene.chunk(START, { id: '' }))).toMatchObject({ data: { field: 'id' } });
    });

    it('M10: a refusal is not remembered: the same id may come again when it can be', async () => {
      const scene = open();
      await scene.startJob(34n);
      await scene.done(scene.chunk(START));
      const next = scene.chunk({ chunks: 1, tokens: 32 }, { id: 'later' });
      expect(await scene.refused(next)).toMatchObject({ code: 'not_covered' });
      await scene.voucher(66n);
      await scene.done({ type: 'cover', job: scene.job(1), cover: 64 });
      expect(await scene.done(next)).toMatchObject({ spent: 64_500_000n });
    });

    it('M10: a repeat that is no longer remembered still takes no effect', async () => {
      const scene = open();
      await scene.startJob(34n);
      await scene.done(scene.chunk(START, { id: 'old' }));
      await scene.openChannel({ deposit: 1_000_000n, block: 2 });
      const flood = Array.from({ length: REMEMBERED }, (_, i) => ({
        type: 'voucher' as const,
        id: `flood-${i}`,
        channel: scene.channel,
        cumulative: BigInt(35 + i),
        signature: '0x' as const,
      }));
      const results = await scene.ledger.commit(flood);
      expect(results.every(({ ok }) => ok)).toBe(true);
      expect(scene.ledger.state.results.size).toBe(REMEMBERED);
      expect(await scene.refused(scene.chunk(START, { id: 'old' }))).toMatchObject({ code: 'out_of_step' });
      expect(scene.ledger.state.channels.get(scene.channel)?.spent).toBe(32_250_000n);
    });

    it('M10: operations of one commit are each for themselves, in order', async () => {
      const scene = open();
      await scene.startJob(200n);
      const [first, wrong, second] = await scene.ledger.commit([
        { ...scene.chunk(START), id: 'x' },
        { ...scene.chunk(START, { provider: scene.tab(2) }), id: 'y' },
        { ...scene.chunk({ chunks: 1, tokens: 32 }), id: 'z' },
      ] as const);
      expect([first.ok, wrong.ok, second.ok]).toEqual([true, false, true]);
      expect(scene.ledger.state.jobs.get(scene.job(1))).toMatchObject({ chunks: 2, tokens: 64 });
    });
  });
}
