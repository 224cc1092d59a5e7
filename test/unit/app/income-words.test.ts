import { describe, expect, it } from 'vitest';
import {
  describeAccrued,
  describePaid,
  describePayout,
  describeVested,
} from '../../../src/app/words/income-words.ts';
import type { IncomeStatus } from '../../../src/provider/income/income-status.ts';

const hex = (byte: string): `0x${string}` => `0x${byte.repeat(20)}`;
const now = 1_800_000_000_000;
const income: IncomeStatus = {
  terms: {
    chainId: 8453,
    hub: hex('b0'),
    token: hex('70'),
    owner: hex('0a'),
    signer: hex('0a'),
    unit: '1000000',
    feeBps: 500,
    minimum: '30000000000',
    threshold: '1000000000000',
  },
  accrued: '128000000',
  vested: '40000000000',
  paid: '0',
  forfeited: '0',
  batch: { chunks: 5, of: 8, closesAt: now + 3_000 },
  payout: { name: 'none' },
  voucher: null,
  unsecured: '40128000000',
  limit: '250000000000',
  payments: 0,
};

describe('M11 what each amount waits for', () => {
  it('accrued: for its batch, by time or by chunks', () => {
    expect(describeAccrued(income, now)).toBe('Vests when its batch closes: in 3 s, or 3 chunks on.');
    const full = { ...income, batch: { chunks: 7, of: 8, closesAt: now } };
    expect(describeAccrued(full, now)).toContain('in 0 s, or with the next chunk');
    expect(describeAccrued({ ...income, batch: null }, now)).toContain('being checked');
    expect(describeAccrued({ ...income, accrued: '0', batch: null }, now)).toContain('Grows with each chunk');
  });

  it('vested: for a payout, and says where the proof is', () => {
    expect(describeVested(income)).toBe('Paid at $1.00, daily, or when you ask.');
    const atOnce = {
      ...income,
      terms: { ...income.terms, threshold: '1' },
      voucher: { worth: '1', keptAt: 1 },
    };
    expect(describeVested(atOnce)).toBe('Paid as soon as it vests. Your tab holds a signed voucher for it.');
    expect(describeVested({ ...income, vested: '0' })).toContain('Nothing waits');
  });

  it('paid: for nothing, it is in the wallet', () => {
    expect(describePaid({ ...income, paid: '5' }, hex('12'))).toBe(
      'In your wallet 0x1212…1212, on chain 8453.',
    );
    expect(describePaid(income, '')).toContain('Nothing yet');
  });
});

describe('M11 the payout button', () => {
  it('can be pressed from the minimum on', () => {
    expect(describePayout(income, now)).toMatchObject({ label: 'Pay me now', enabled: true, note: '' });
    const little = describePayout({ ...income, vested: '29000000000' }, now);
    expect(little).toMatchObject({ enabled: false, note: 'A payout is possible from $0.03 on.' });
    expect(describePayout({ ...income, vested: '0' }, now)).toMatchObject({ enabled: false, note: '' });
  });

  it('says that it asks, that it is paying, and what went wrong', () => {
    expect(describePayout({ ...income, payout: { name: 'asked' } }, now)).toMatchObject({
      busy: true,
      enabled: false,
    });
    expect(describePayout({ ...income, payout: { name: 'pending' } }, now)).toMatchObject({
      label: 'Paying…',
    });
    const payout = {
      name: 'failed',
      code: 'c',
      message: 'The chain does not answer.',
      retryAt: now + 9_000,
    } as const;
    expect(describePayout({ ...income, payout }, now)).toMatchObject({
      label: 'Ask again',
      enabled: true,
      bad: true,
      note: 'The chain does not answer. It tries again in 9 s.',
    });
  });
});
