import { describe, expect, it } from 'vitest';
import { jobReserved, jobSpent } from '../../../src/relay/ledger/amounts.ts';
import { checkInvariants } from '../../../src/relay/ledger/invariants.ts';
import { releasesOf } from '../../../src/relay/ledger/job-operations.ts';
import { exampleReceipt } from '../receipt-store.ts';
import { type Scene, TERMS, UNIT } from './scene.ts';

const START = { chunks: 0, tokens: 0 };
const order = ({ channel, job }: Scene) =>
  ({ type: 'reserve', channel, job: job(1), terms: TERMS, maxTokens: 200, cover: 64 }) as const;

export function describeJobs(open: () => Scene): void {
  describe('jobs', () => {
    it('M5: a job starts with its prompt fee and one chunk, not a pico less', async () => {
      const scene = open();
      await scene.openChannel();
      expect(await scene.refused(order(scene))).toMatchObject({
        code: 'voucher_insufficient',
        data: { required: 34n, missing: 34n * UNIT },
      });
      await scene.voucher(33n);
      expect(await scene.refused(order(scene))).toMatchObject({ data: { required: 34n, missing: UNIT } });
      await scene.voucher(34n);
      expect(await scene.done(order(scene))).toEqual({
        ok: true,
        type: 'reserve',
        covered: 32,
        available: 0n,
      });
      expect(scene.ledger.state.channels.get(scene.channel)?.reserved).toBe(34n * UNIT);
      expect(await scene.refused(order(scene))).toMatchObject({ code: 'job_exists' });
    });

    it('M5: a job of less than a chunk needs only its own tokens', async () => {
      const scene = open();
      await scene.openChannel();
      await scene.voucher(7n);
      expect(await scene.done({ ...order(scene), maxTokens: 5 })).toMatchObject({
        covered: 5,
        available: 0n,
      });
    });

    it('M5: of two jobs that race for the money of one, one starts', async () => {
      const scene = open();
      await scene.openChannel();
      await scene.voucher(40n);
      const race = await Promise.all([
        scene.commit(order(scene)),
        scene.commit({ ...order(scene), job: scene.job(2) }),
      ]);
      expect(race.map(({ ok }) => ok)).toEqual([true, false]);
    });

    it.each([
      ['maxTokens', { maxTokens: 0 }],
      ['maxTokens', { maxTokens: 1.5 }],
      ['cover', { cover: -1 }],
      ['terms.feeBps', { terms: { ...TERMS, feeBps: 10_001 } }],
      ['terms.out', { terms: { ...TERMS, out: -1n } }],
    ])('an order with a wrong %s is refused', async (field, wrong) => {
      const scene = open();
      await scene.openChannel();
      expect(await scene.refused({ ...order(scene), ...wrong })).toMatchObject({
        code: 'operation_invalid',
        data: { field },
      });
    });

    it('M1: a job that could cost more than a row holds is refused', async () => {
      const scene = open();
      await scene.openChannel();
      const rich = { ...TERMS, out: 10n ** 17n };
      expect(await scene.refused({ ...order(scene), terms: rich })).toMatchObject({
        code: 'amount_too_large',
      });
    });

    it('M6: a chunk charges, accrues, and covers on, in one', async () => {
      const scene = open();
      await scene.startJob(130n, { cover: 64 });
      expect(await scene.done(scene.chunk(START))).toEqual({
        ok: true,
        type: 'chunk',
        charged: 32_250_000n,
        accrued: 30_637_500n,
        fee: 1_612_500n,
        spent: 32_250_000n,
        share: 30_637_500n,
        covered: 96,
        batch: { number: 0, chunks: 1, openedAt: 1_000 },
      });
      const { channels, jobs, providers } = scene.ledger.state;
      expect(channels.get(scene.channel)).toMatchObject({
        spent: 32_250_000n,
        reserved: 65_750_000n,
        fees: 1_612_500n,
      });
      expect(jobs.get(scene.job(1))).toMatchObject({ chunks: 1, tokens: 32, covered: 96 });
      expect(providers.get(scene.tab(1))).toMatchObject({
        earned: 30_637_500n,
        batch: { amount: 30_637_500n },
      });
    });

    it('M6: no chunk is charged twice, and none beyond what is covered', async () => {
      const scene = open();
      await scene.startJob(34n);
      await scene.done(scene.chunk(START));
      expect(await scene.refused(scene.chunk(START, { provider: scene.tab(2) }))).toMatchObject({
        code: 'out_of_step',
        data: { chunks: 1, tokens: 32 },
      });
      expect(await scene.refused(scene.chunk({ chunks: 1, tokens: 32 }))).toMatchObject({
        code: 'not_covered',
        data: { covered: 32 },
      });
      expect(await scene.refused(scene.chunk(START, { job: scene.job(7) }))).toMatchObject({
        code: 'job_unknown',
      });
      expect(scene.ledger.state.channels.get(scene.channel)?.spent).toBe(32_250_000n);
    });

    it.each([0, 33, -1, 0.5])('M6: a chunk of %s tokens is none', async (tokens) => {
      const scene = open();
      await scene.startJob(100n);
      expect(await scene.refused(scene.chunk(START, { tokens }))).toMatchObject({
        code: 'operation_invalid',
        data: { field: 'tokens' },
      });
    });

    it('M5: cover goes on by whole chunks as vouchers come, and to the last token', async () => {
      const scene = open();
      await scene.startJob(34n, { maxTokens: 70 });
      const cover = async () => (await scene.done({ type: 'cover', job: scene.job(1), cover: 96 })).covered;
      const covered: number[] = [];
      for (const paid of [60n, 66n, 97n, 98n, 99n]) {
        await scene.voucher(paid);
        covered.push(await cover());
      }
      // 2 + 64 buy the second chunk, 2 + 70 the six tokens of the last.
      expect(covered).toEqual([32, 64, 70, 70, 70]);
      expect(await scene.refused({ type: 'cover', job: scene.job(2), cover: 1 })).toMatchObject({
        code: 'job_unknown',
      });
    });

    it('M3, M4: 200 tokens over a move cost what they cost, and each tab gets what it delivered', async () => {
      const scene = open();
      await scene.startJob(202n, { cover: 200 });
      // Two chunks and a lost tail of 10 by tab 1; tab 2 goes on from there, by chunks of its own.
      await scene.done(scene.chunk(START));
      await scene.done(scene.chunk({ chunks: 1, tokens: 32 }));
      const { type: _, tokens: __, cover: ___, ...step } = scene.chunk({ chunks: 2, tokens: 64 });
      await scene.done({ type: 'tail', ...step, tokens: 10 });
      const second = { provider: scene.tab(2) };
      let before = { chunks: 2, tokens: 74 };
      for (const tokens of [32, 32, 32, 30]) {
        await scene.done(scene.chunk(before, { ...second, tokens }));
        before = { chunks: before.chunks + 1, tokens: before.tokens + tokens };
      }
      const receipt = exampleReceipt(1);
      const end = await scene.done({ type: 'finish', ...step, ...second, before, receipt });
      expect(end).toMatchObject({ charged: 500_000n, spent: 202_000_000n, share: 191_900_000n });
      const { channels, jobs, providers } = scene.ledger.state;
      expect(channels.get(scene.channel)).toMatchObject({
        spent: 202_000_000n,
        reserved: 0n,
        fees: 10_100_000n,
      });
      // Tab 1: 74 tokens and two eighths of the prompt; tab 2: 126 and the rest.
      expect(providers.get(scene.tab(1))?.earned).toBe(70_775_000n);
      expect(providers.get(scene.tab(2))?.earned).toBe(121_125_000n);
      expect(jobs.has(scene.job(1))).toBe(false);
      expect(await scene.ledger.receipts.get(receipt.job)).toEqual(receipt);
      expect(checkInvariants(scene.ledger.state)).toEqual([]);
    });

    it('M4: what the steps accrue is the share of the whole, however each alone would round', async () => {
      const scene = open();
      const odd = { out: 7n, prompt: 3n, promptTokens: 11, feeBps: 3_333 };
      await scene.startJob(1n, { terms: odd, cover: 200 });
      let before = START;
      let accrued = 0n;
      for (const tokens of [32, 1, 1, 1, 32, 1, 1]) {
        const step = await scene.done(scene.chunk(before, { tokens }));
        accrued += step.accrued;
        expect(accrued).toBe((step.spent * 6_667n) / 10_000n);
        before = { chunks: before.chunks + 1, tokens: before.tokens + tokens };
      }
      const { type: _, tokens: __, cover: ___, ...last } = scene.chunk(before);
      const end = await scene.done({ type: 'finish', ...last });
      expect(end).toMatchObject({ spent: 516n, share: 344n });
      expect(scene.ledger.state.providers.get(scene.tab(1))?.earned).toBe(344n);
    });

    it('M3: a job that ends early is charged as far as it came, and the rest is free again', async () => {
      const scene = open();
      await scene.startJob(100n);
      await scene.done(scene.chunk(START));
      const receipt = exampleReceipt(2);
      const end = await scene.done({ type: 'release', job: scene.job(1), receipt });
      expect(end).toMatchObject({ spent: 32_250_000n, freed: 65_750_000n });
      expect(await scene.ledger.receipts.get(receipt.job)).toEqual(receipt);
      expect((await scene.voucher(100n)).available).toBe(67_750_000n);
      expect(await scene.refused({ type: 'release', job: scene.job(1) })).toMatchObject({
        code: 'job_unknown',
      });
      expect(await scene.refused(scene.chunk({ chunks: 1, tokens: 32 }))).toMatchObject({
        code: 'job_unknown',
      });
    });

    it('jobs that a relay left behind are released where they stand', async () => {
      const scene = open();
      await scene.startJob(200n);
      await scene.reserve({ job: scene.job(2) });
      await scene.done(scene.chunk(START));
      const { state } = scene.ledger;
      const held = [...state.jobs.values()].map((job) => jobReserved(job) + jobSpent(job));
      const results = await scene.ledger.commit(releasesOf(state));
      expect(results.map((result) => result.ok && result.freed + result.spent)).toEqual(held);
      expect(state.jobs.size).toBe(0);
      expect(state.channels.get(scene.channel)).toMatchObject({ reserved: 0n, spent: 32_250_000n });
    });
  });
}
