import { describe, expect, it } from 'vitest';
import { batchKey } from '../../../src/relay/ledger/amounts.ts';
import { checkInvariants } from '../../../src/relay/ledger/invariants.ts';
import type { ProviderRow } from '../../../src/relay/ledger/state.ts';
import { type Scene, SIGNATURE, UNIT } from './scene.ts';

const rowOf = ({ ledger, tab }: Scene): ProviderRow => ledger.state.providers.get(tab(1)) as ProviderRow;
const close = ({ tab }: Scene) => ({ type: 'closeBatch', provider: tab(1), batch: 0, at: 2_000 }) as const;
const payout = ({ tab }: Scene, cumulative: bigint) =>
  ({ type: 'payout', provider: tab(1), cumulative, signature: SIGNATURE }) as const;

/** Two chunks of work by provider 1: 61,275,000 pico. */
async function worked(open: () => Scene): Promise<Scene> {
  const scene = open();
  await scene.startJob(200n, { cover: 200 });
  await scene.done(scene.chunk({ chunks: 0, tokens: 0 }, { at: 500 }));
  await scene.done(scene.chunk({ chunks: 1, tokens: 32 }, { at: 900 }));
  return scene;
}

export function describePayouts(open: () => Scene): void {
  describe('payouts', () => {
    it('M7: work accrues, a batch closes, it vests, and a payout voucher covers it', async () => {
      const scene = await worked(open);
      expect(rowOf(scene).batch).toEqual({ number: 0, amount: 61_275_000n, chunks: 2, openedAt: 500 });
      expect(await scene.done(close(scene))).toMatchObject({
        amount: 61_275_000n,
        chunks: 2,
      });
      expect(rowOf(scene)).toMatchObject({
        vested: 0n,
        batch: { number: 1, amount: 0n, chunks: 0, openedAt: 0 },
      });
      expect(await scene.refused(payout(scene, 1n))).toMatchObject({
        code: 'payout_over_vested',
        data: { payable: 0n },
      });
      // The next batch fills while the first is in its holdback.
      await scene.done(scene.chunk({ chunks: 2, tokens: 64 }, { at: 2_500 }));
      expect(rowOf(scene).batch).toMatchObject({ chunks: 1, openedAt: 2_500 });
      expect(await scene.done({ type: 'vest', provider: scene.tab(1), batch: 0 })).toMatchObject({
        amount: 61_275_000n,
        vested: 61_275_000n,
        payable: 61n,
      });
      expect(await scene.done(payout(scene, 61n))).toMatchObject({ raised: true });
      expect(rowOf(scene).payout).toEqual({ cumulative: 61n, signature: SIGNATURE });
      expect(rowOf(scene).vested - 61n * UNIT).toBe(275_000n);
      expect(scene.ledger.state.batches.has(batchKey(scene.tab(1), 0))).toBe(false);
    });

    it('M7: a batch is closed once and decided once', async () => {
      const scene = await worked(open);
      await scene.done(close(scene));
      expect(await scene.refused(close(scene))).toMatchObject({ code: 'out_of_step', data: { batch: 1 } });
      expect(await scene.refused({ ...close(scene), batch: 1 })).toMatchObject({ code: 'batch_empty' });
      expect(await scene.refused({ ...close(scene), provider: scene.tab(9) })).toMatchObject({
        code: 'provider_unknown',
      });
      await scene.done({ type: 'vest', provider: scene.tab(1), batch: 0 });
      for (const type of ['vest', 'forfeit'] as const) {
        expect(await scene.refused({ type, provider: scene.tab(1), batch: 0 })).toMatchObject({
          code: 'batch_unknown',
        });
      }
    });

    it('M7: a forfeited batch is never paid, and its money stays accounted for', async () => {
      const scene = await worked(open);
      await scene.done(close(scene));
      expect(await scene.done({ type: 'forfeit', provider: scene.tab(1), batch: 0 })).toMatchObject({
        amount: 61_275_000n,
      });
      expect(await scene.refused(payout(scene, 1n))).toMatchObject({ code: 'payout_over_vested' });
      expect(rowOf(scene)).toMatchObject({ earned: 61_275_000n, forfeited: 61_275_000n, vested: 0n });
      expect(checkInvariants(scene.ledger.state)).toEqual([]);
    });

    it('M7: payout vouchers only grow, up to what has vested', async () => {
      const scene = await worked(open);
      await scene.done(close(scene));
      await scene.done({ type: 'vest', provider: scene.tab(1), batch: 0 });
      expect(await scene.refused(payout(scene, 62n))).toMatchObject({
        code: 'payout_over_vested',
        data: { payable: 61n },
      });
      await scene.done(payout(scene, 40n));
      expect(await scene.done(payout(scene, 40n))).toMatchObject({ raised: false });
      expect(await scene.refused(payout(scene, 39n))).toMatchObject({
        code: 'payout_stale',
        data: { cumulative: 40n },
      });
      expect(await scene.refused({ ...payout(scene, 1n), provider: scene.tab(9) })).toMatchObject({
        code: 'provider_unknown',
      });
    });

    it('M7: what the chain paid only grows', async () => {
      const scene = await worked(open);
      await scene.done(close(scene));
      await scene.done({ type: 'vest', provider: scene.tab(1), batch: 0 });
      await scene.done(payout(scene, 61n));
      expect(await scene.done({ type: 'paid', provider: scene.tab(1), cumulative: 40n })).toMatchObject({
        adopted: 0n,
      });
      await scene.done({ type: 'paid', provider: scene.tab(1), cumulative: 30n });
      expect(rowOf(scene).paid).toBe(40n * UNIT);
    });

    it('M8: new work is owed on top of what an earlier ledger paid', async () => {
      const scene = open();
      expect(await scene.done({ type: 'paid', provider: scene.tab(1), cumulative: 500n })).toMatchObject({
        adopted: 500n * UNIT,
      });
      await scene.startJob(200n);
      await scene.done(scene.chunk({ chunks: 0, tokens: 0 }));
      await scene.done(close(scene));
      expect(await scene.done({ type: 'vest', provider: scene.tab(1), batch: 0 })).toMatchObject({
        payable: 530n,
      });
      expect(checkInvariants(scene.ledger.state)).toEqual([]);
    });
  });
}
