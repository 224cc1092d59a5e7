import { describe, expect, it } from 'vitest';
import { closingVoucher } from '../../../src/relay/ledger/amounts.ts';
import type { ChannelRow } from '../../../src/relay/ledger/state.ts';
import { type Scene, SIGNATURE, TERMS, UNIT } from './scene.ts';

const rowOf = ({ ledger, channel }: Scene): ChannelRow => ledger.state.channels.get(channel) as ChannelRow;
const voucher = ({ channel }: Scene, cumulative: bigint) =>
  ({ type: 'voucher', channel, cumulative, signature: SIGNATURE }) as const;
const order = ({ channel, job }: Scene) =>
  ({ type: 'reserve', channel, job: job(2), terms: TERMS, maxTokens: 9, cover: 9 }) as const;

export function describeChannels(open: () => Scene): void {
  describe('channels', () => {
    it('M5: a voucher raises what is accepted, and is kept', async () => {
      const scene = open();
      await scene.openChannel();
      const bodyHash = `0x${'cd'.repeat(32)}` as const;
      const result = await scene.done({ ...voucher(scene, 34n), bodyHash });
      expect(result).toEqual({
        ok: true,
        type: 'voucher',
        accepted: 34n,
        raised: true,
        available: 34n * UNIT,
      });
      expect(rowOf(scene)).toMatchObject({
        accepted: 34n * UNIT,
        voucher: { cumulative: 34n, signature: SIGNATURE },
        bodyHash,
      });
    });

    it('M5: an equal voucher changes nothing, so one of two that race wins', async () => {
      const scene = open();
      await scene.openChannel();
      const race = await Promise.all([scene.voucher(40n), scene.voucher(40n), scene.voucher(40n)]);
      expect(race.map(({ raised }) => raised)).toEqual([true, false, false]);
      expect(rowOf(scene).accepted).toBe(40n * UNIT);
    });

    it('M5: lower, over-deposit and unknown vouchers are refused and leave no trace', async () => {
      const scene = open();
      await scene.openChannel();
      await scene.voucher(40n);
      const before = rowOf(scene);
      const codes = [
        voucher(scene, 39n),
        voucher(scene, 1_001n),
        voucher(scene, 2n ** 127n),
        voucher(scene, -1n),
      ].map(async (op) => {
        const { code, data } = await scene.refused(op);
        return [code, data];
      });
      expect(await Promise.all(codes)).toEqual([
        ['voucher_stale', { accepted: 40n }],
        ['voucher_over_deposit', { deposit: 1_000n }],
        ['voucher_over_deposit', { deposit: 1_000n }],
        ['operation_invalid', { field: 'cumulative' }],
      ]);
      expect(await scene.refused({ ...voucher(scene, 1n), channel: scene.channelOf(9) })).toMatchObject({
        code: 'channel_unknown',
      });
      expect(rowOf(scene)).toEqual(before);
    });

    it('a deposit only grows, and what a row can’t hold is not counted', async () => {
      const scene = open();
      await scene.openChannel({ deposit: 1_000n });
      await scene.openChannel({ deposit: 900n, block: 5 });
      expect(rowOf(scene).deposit).toBe(1_000n * UNIT);
      await scene.openChannel({ deposit: 2n ** 127n, block: 6 });
      expect(rowOf(scene).deposit).toBe(10n ** 18n);
    });

    it('nothing new starts on a channel that closes, and work under way is still paid', async () => {
      const scene = open();
      await scene.startJob(66n, { cover: 32 });
      await scene.openChannel({ closeRequestedAt: 77, block: 2 });
      expect(await scene.refused(voucher(scene, 70n))).toMatchObject({
        code: 'channel_closing',
        data: { requestedAt: 77 },
      });
      expect(await scene.refused(order(scene))).toMatchObject({ code: 'channel_closing' });
      const paid = await scene.done(scene.chunk({ chunks: 0, tokens: 0 }));
      expect(paid).toMatchObject({ charged: 32_250_000n, covered: 32 });
      await scene.openChannel({ finalized: true, block: 3 });
      expect(await scene.refused(voucher(scene, 70n))).toMatchObject({ code: 'channel_closed' });
      await scene.openChannel({ finalized: false, block: 4 });
      expect(await scene.refused(order(scene))).toMatchObject({ code: 'channel_closed' });
    });

    it('M15: a close that was taken ends all that is new, once, until it is known to have failed', async () => {
      const scene = open();
      await scene.startJob(66n, { cover: 32 });
      const close = { type: 'close', channel: scene.channel, cumulative: 40n, signature: SIGNATURE } as const;
      expect(await scene.refused(close)).toMatchObject({ code: 'channel_busy' });
      await scene.done(scene.chunk({ chunks: 0, tokens: 0 }));
      await scene.done({ type: 'release', job: scene.job(1) });
      expect(await scene.refused({ ...close, cumulative: 32n })).toMatchObject({
        code: 'voucher_insufficient',
        data: { required: 33n },
      });
      expect(await scene.refused({ ...close, cumulative: 1_001n })).toMatchObject({
        code: 'voucher_over_deposit',
      });
      expect(await scene.done(close)).toMatchObject({ begun: true });
      expect(await scene.done(close)).toMatchObject({ begun: false });
      expect(await scene.refused({ ...close, cumulative: 41n })).toMatchObject({ code: 'channel_closing' });
      expect(await scene.refused(voucher(scene, 70n))).toMatchObject({ code: 'channel_closing' });
      expect(await scene.refused(order(scene))).toMatchObject({ code: 'channel_closing' });
      for (const nonce of [5, 4]) await scene.done({ type: 'closeSent', channel: scene.channel, nonce });
      expect(rowOf(scene).closing).toEqual({ cumulative: 40n, signature: SIGNATURE, nonce: 5 });

      const reopen = { type: 'reopen', channel: scene.channel, cumulative: 40n } as const;
      expect(await scene.refused({ ...reopen, cumulative: 41n })).toMatchObject({ code: 'out_of_step' });
      await scene.done(reopen);
      expect(await scene.refused(reopen)).toMatchObject({ code: 'out_of_step' });
      expect(await scene.refused({ type: 'closeSent', channel: scene.channel, nonce: 6 })).toMatchObject({
        code: 'out_of_step',
      });
      expect((await scene.voucher(70n)).raised).toBe(true);
      await scene.done({ ...close, cumulative: 70n });
      await scene.openChannel({ finalized: true, block: 3 });
      expect(await scene.refused({ ...reopen, cumulative: 70n })).toMatchObject({ code: 'channel_closed' });
      expect(await scene.refused(close)).toMatchObject({ code: 'channel_closed' });
    });

    it('M15: nothing more is covered on a channel whose close was taken, whatever is credited', async () => {
      const scene = open();
      await scene.startJob(32n, { terms: { ...TERMS, prompt: 0n } });
      await scene.done(scene.chunk({ chunks: 0, tokens: 0 }));
      const { channel } = scene;
      await scene.done({ type: 'close', channel, cumulative: 32n, signature: SIGNATURE });
      await scene.done({ type: 'refund', channel, before: 0n, amount: 32n * UNIT });
      expect(await scene.done({ type: 'cover', job: scene.job(1), cover: 64 })).toMatchObject({
        covered: 32,
      });
    });

    it('a reading of an older block does not bring a close back', async () => {
      const scene = open();
      await scene.openChannel({ block: 10 });
      await scene.openChannel({ block: 9, closeRequestedAt: 77, deposit: 2_000n });
      expect(rowOf(scene)).toMatchObject({ closeRequestedAt: 0, block: 10, deposit: 2_000n * UNIT });
    });

    it('M8: a refund gives credit, once, and never more than was spent', async () => {
      const scene = open();
      await scene.startJob(34n);
      await scene.done(scene.chunk({ chunks: 0, tokens: 0 }));
      const refund = { type: 'refund', channel: scene.channel, before: 0n, amount: 5_000_000n } as const;
      expect(await scene.done(refund)).toMatchObject({ credited: 5_000_000n });
      expect(await scene.refused(refund)).toMatchObject({
        code: 'out_of_step',
        data: { credited: 5_000_000n },
      });
      const tooMuch = { ...refund, before: 5_000_000n, amount: 30_000_000n };
      expect(await scene.refused(tooMuch)).toMatchObject({ code: 'refund_over_spent' });
      await scene.done({ type: 'release', job: scene.job(1) });
      // 34 paid, 32.25 used, 5 credited.
      expect((await scene.voucher(34n)).available).toBe(6_750_000n);
      expect(closingVoucher(scene.ledger.state, rowOf(scene))).toBe(28n);
    });

    it('M8: what the chain settled beyond what was ever accepted here buys nothing again', async () => {
      const scene = open();
      await scene.openChannel({ settled: 300n });
      expect(rowOf(scene)).toMatchObject({ accepted: 300n * UNIT, carried: 300n * UNIT, voucher: null });
      expect((await scene.voucher(334n)).available).toBe(34n * UNIT);
      expect(await scene.done({ type: 'settled', channel: scene.channel, cumulative: 334n })).toMatchObject({
        adopted: 0n,
      });
      expect(await scene.done({ type: 'settled', channel: scene.channel, cumulative: 340n })).toMatchObject({
        adopted: 6n * UNIT,
      });
      expect(rowOf(scene)).toMatchObject({ settled: 340n * UNIT, accepted: 340n * UNIT });
      expect(
        await scene.refused({ type: 'settled', channel: scene.channelOf(9), cumulative: 1n }),
      ).toMatchObject({
        code: 'channel_unknown',
      });
    });

    it('M5: two channels do not touch each other', async () => {
      const scene = open();
      await scene.startJob(34n);
      await scene.openChannel({ channel: scene.channelOf(2), payer: scene.tab(101) });
      const poor = { ...order(scene), channel: scene.channelOf(2) };
      expect(await scene.refused(poor)).toMatchObject({ code: 'voucher_insufficient' });
    });
  });
}
