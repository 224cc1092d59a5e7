import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  attemptTotal,
  ceilToBase,
  floorToBase,
  fullCost,
  jobShare,
  type JobProgress,
  type JobTerms,
  jobTotal,
  NO_PROGRESS,
  pinTerms,
  type Progress,
  promptFee,
  PROMPT_PARTS,
  shareOf,
  unitOf,
} from '../../../../src/protocol/money/price.ts';

const terms: fc.Arbitrary<JobTerms> = fc.record({
  out: fc.bigInt({ min: 0n, max: 10n ** 12n }),
  prompt: fc.bigInt({ min: 0n, max: 10n ** 12n }),
  promptTokens: fc.integer({ min: 1, max: 2 ** 20 }),
  feeBps: fc.integer({ min: 0, max: 10_000 }),
});
/** A job's life: chunks of 1 to 32 tokens, unsigned tails (signed: false), and whether the next step is a move. */
const steps = fc.array(
  fc.record({ tokens: fc.integer({ min: 1, max: 32 }), signed: fc.boolean(), moves: fc.boolean() }),
  { minLength: 1, maxLength: 40 },
);

const open = (progress: Progress): JobProgress => ({ ...progress, finished: false });
const advance = (p: Progress, step: { tokens: number; signed: boolean }): Progress => ({
  chunks: p.chunks + (step.signed ? 1 : 0),
  tokens: p.tokens + step.tokens,
});

describe('M1: units', () => {
  it('a base unit is 10^(12 - decimals) pico', () => {
    expect(unitOf(6)).toBe(1_000_000n);
    expect(unitOf(12)).toBe(1n);
    expect(unitOf(0)).toBe(10n ** 12n);
  });

  it.each([13, 18, -1, 1.5])('refuses a token with %s decimals', (decimals) => {
    expect(() => unitOf(decimals)).toThrowError(expect.objectContaining({ code: 'decimals_unsupported' }));
  });

  it('M2: pins a price of the wire exactly', () => {
    const price = { out: '999999999999999999', prompt: '1' };
    expect(pinTerms(price, 7, 500)).toEqual({
      out: 10n ** 18n - 1n,
      prompt: 1n,
      promptTokens: 7,
      feeBps: 500,
    });
  });
});

describe('M3: what a job costs', () => {
  const example: JobTerms = { out: 1_000_000n, prompt: 200_000n, promptTokens: 10, feeBps: 500 };

  it('the prompt fee is earned in eighths, by chunks', () => {
    const at = (chunks: number) => jobTotal(example, { chunks, tokens: 0, finished: false });
    expect([0, 1, 4, 8, 9].map(at)).toEqual([0n, 250_000n, 1_000_000n, 2_000_000n, 2_000_000n]);
  });

  it('eighths are rounded down on the whole, not one by one', () => {
    const odd = { ...example, prompt: 1n };
    const at = (chunks: number) => jobTotal(odd, { chunks, tokens: 0, finished: false });
    expect([1, 2, 3, 4, 7, 8].map(at)).toEqual([1n, 2n, 3n, 5n, 8n, 10n]);
  });

  it('200 tokens of one tab, finished: prompt fee and tokens x price', () => {
    const total = jobTotal(example, { chunks: 7, tokens: 200, finished: true });
    expect(total).toBe(202_000_000n);
    expect(shareOf(total, 500)).toBe(191_900_000n);
    expect(total).toBe(fullCost(example, 200));
  });

  it('grows with chunks, tokens and the finish, up to the whole', () => {
    fc.assert(
      fc.property(terms, steps, (job, life) => {
        let progress = NO_PROGRESS;
        let last = 0n;
        for (const step of life) {
          progress = advance(progress, step);
          const total = jobTotal(job, open(progress));
          expect(total).toBeGreaterThanOrEqual(last);
          last = total;
        }
        const whole = jobTotal(job, { ...progress, finished: true });
        expect(whole).toBeGreaterThanOrEqual(last);
        expect(whole).toBe(fullCost(job, progress.tokens));
        if (progress.chunks >= PROMPT_PARTS) expect(last).toBe(whole);
      }),
    );
  });
});

describe('M4: shares', () => {
  it('share and fee are the total, neither is negative, and both grow', () => {
    const amount = fc.bigInt({ min: 0n, max: 10n ** 18n });
    fc.assert(
      fc.property(amount, amount, fc.integer({ min: 0, max: 10_000 }), (a, b, bps) => {
        const [less, more] = a < b ? [a, b] : [b, a];
        const fees = [less, more].map((total) => total - shareOf(total, bps)) as [bigint, bigint];
        expect(shareOf(less, bps)).toBeLessThanOrEqual(shareOf(more, bps));
        expect(fees[0]).toBeGreaterThanOrEqual(0n);
        expect(fees[0]).toBeLessThanOrEqual(fees[1]);
        expect(shareOf(more, bps) <= more).toBe(true);
      }),
    );
  });

  it('the bounds: no fee, and nothing but fee', () => {
    expect(shareOf(7n, 0)).toBe(7n);
    expect(shareOf(7n, 10_000)).toBe(0n);
    expect(shareOf(7n, 1)).toBe(6n);
  });

  it('whatever the moves, the attempts’ totals and the steps’ accruals sum to the job’s share', () => {
    fc.assert(
      fc.property(terms, steps, fc.boolean(), (job, life, finishes) => {
        let before = NO_PROGRESS;
        let now = NO_PROGRESS;
        let attempts = 0n;
        let accrued = 0n;
        for (const step of life) {
          const next = advance(now, step);
          accrued += jobShare(job, open(next)) - jobShare(job, open(now));
          now = next;
          expect(attempts + attemptTotal(job, before, open(now))).toBe(accrued);
          if (!step.moves) continue;
          attempts += attemptTotal(job, before, open(now));
          before = now;
        }
        const end = { ...now, finished: finishes };
        expect(attempts + attemptTotal(job, before, end)).toBe(jobShare(job, end));
      }),
    );
  });

  it('an attempt that delivered nothing earned nothing, even of the prompt fee', () => {
    fc.assert(
      fc.property(terms, fc.nat(100), fc.nat(3200), (job, chunks, tokens) => {
        expect(attemptTotal(job, { chunks, tokens }, open({ chunks, tokens }))).toBe(0n);
      }),
    );
    expect(promptFee({ out: 1n, prompt: 3n, promptTokens: 5, feeBps: 0 })).toBe(15n);
  });
});

describe('M9: base units', () => {
  it('agents sign the ceiling, providers get the floor, less than a unit apart', () => {
    const decimals = fc.integer({ min: 0, max: 12 });
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 18n }), decimals, (pico, places) => {
        const unit = unitOf(places);
        const [floor, ceil] = [floorToBase(pico, unit), ceilToBase(pico, unit)];
        expect(floor * unit <= pico && pico <= ceil * unit).toBe(true);
        expect(ceil - floor).toBe(pico % unit === 0n ? 0n : 1n);
      }),
    );
  });
});
