import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fullCost, jobTotal, promptFee } from '../../../src/protocol/money/price.ts';
import { AHEAD_TOKENS, createSpending, type SpendingJob } from '../../../src/sdk/spending.ts';

const UNIT = 1_000_000n;
const terms = { out: 100_000n, prompt: 20_000n, promptTokens: 50, feeBps: 500 };
const endless = Number.MAX_SAFE_INTEGER;

function spendingOf(limit = 1_000_000n) {
  return createSpending({ unit: UNIT, limit: () => limit });
}

describe('what an agent owes by its own count', () => {
  it('covers the chunk that runs and the next, from the start (M5)', () => {
    const spending = spendingOf();
    const job = spending.start(terms, endless);
    expect(job.covered).toBe(64);
    expect(spending.due()).toBe((fullCost(terms, 64) + UNIT - 1n) / UNIT);
    expect(spending.advance(job, 31)).toBe(false);
    expect(spending.advance(job, 1)).toBe(true);
    expect(job.covered).toBe(96);
  });

  it('never covers more than the answer can have', () => {
    const spending = spendingOf();
    const job = spending.start(terms, 40);
    expect(job.covered).toBe(40);
    expect(spending.advance(job, 40)).toBe(false);
  });

  it('stops at the limit, and refuses what not one chunk is left for', () => {
    const spending = spendingOf(10n);
    const job = spending.start(terms, endless);
    expect(job.covered).toBe(64);
    spending.advance(job, 60);
    expect(job.covered).toBe(90);
    expect(spending.due()).toBe(10n);
    expect(spending.askable()).toBe((fullCost(terms, 156) + UNIT - 1n) / UNIT);
    expect(spending.stretch(job)).toBe(false);
    expect(() => spending.start(terms, endless)).toThrow(
      expect.objectContaining({ code: 'budget_exhausted' }),
    );
  });

  it('refuses to settle or to sign beyond what was covered', () => {
    const spending = spendingOf();
    const job = spending.start(terms, endless);
    expect(() => spending.settle(job, fullCost(terms, 65))).toThrow(
      expect.objectContaining({ code: 'overcommitted' }),
    );
    expect(() => spending.assertJustified(spending.due() + 1n)).toThrow(
      expect.objectContaining({ code: 'overcommitted' }),
    );
    job.covered += 1;
    expect(() => spending.assertJustified(0n)).toThrow(expect.objectContaining({ code: 'overcommitted' }));
  });

  it('gives a voucher that is never lower but by refunds, and loses at most a prompt and two chunks a stream', () => {
    const step = fc.record({
      kind: fc.constantFrom('start', 'tokens', 'tokens', 'tokens', 'finish', 'break', 'clear'),
      pick: fc.nat(),
      count: fc.integer({ min: 1, max: 70 }),
      prompt: fc.nat(2000),
      out: fc.bigInt(0n, 10n ** 7n),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), fc.bigInt(50n, 100_000n), (steps, limit) => {
        const spending = spendingOf(limit);
        const jobs: SpendingJob[] = [];
        let signed = 0n;
        for (const { count, kind, out, pick, prompt } of steps) {
          const job = jobs[pick % Math.max(1, jobs.length)];
          if (kind === 'start') {
            try {
              jobs.push(spending.start({ ...terms, out, promptTokens: prompt }, 1 + (pick % 300)));
            } catch {
              // The limit is reached.
            }
          } else if (job && kind === 'tokens') {
            spending.advance(job, Math.min(count, job.covered - job.counted));
          } else if (job && (kind === 'finish' || kind === 'break')) {
            const finished = kind === 'finish';
            const cost = jobTotal(job.terms, { chunks: 3, tokens: job.counted, finished });
            if (finished) spending.settle(job, cost);
            else spending.leaveUnclear(job);
            jobs.splice(jobs.indexOf(job), 1);
          } else if (kind === 'clear') {
            const [left] = spending.unclear.values();
            if (left) spending.settle(left, left.commitment);
          }
          const due = spending.due();
          if (due > signed) {
            spending.assertJustified(due);
            signed = due;
          }
          expect(signed).toBeLessThanOrEqual(limit);
          const unclear = [...spending.unclear.values()].reduce((sum, left) => sum + left.commitment, 0n);
          const earned = jobs.reduce((sum, one) => sum + one.terms.out * BigInt(one.counted), 0n);
          const atRisk = jobs.reduce(
            (sum, one) => sum + promptFee(one.terms) + one.terms.out * BigInt(AHEAD_TOKENS),
            0n,
          );
          expect(due * UNIT - spending.settled - unclear - earned).toBeLessThan(atRisk + UNIT);
        }
      }),
      { numRuns: 300 },
    );
  });
});
