import { describe, expect, it } from 'vitest';
import { describeAmount, describeLiveAmount, readAmount, writeAmount } from '../../../src/app/words/money.ts';

const dollars = (text: string): bigint => BigInt(readAmount(text)!);

describe('amounts', () => {
  it.each([
    ['0', '$0.00'],
    ['0.25', '$0.25'],
    ['0.000128', '$0.000128'],
    ['0.03', '$0.03'],
    ['0.1234567', '$0.123456'],
    ['1', '$1.00'],
    ['12.5', '$12.50'],
    ['1.999999', '$1.99'],
    ['123456.789', '$123,456.78'],
    ['0.00000003069', '$0.00000003'],
    ['0.00000012', '$0.00000012'],
    ['0.000000000001', '$0.000000000001'],
    ['0.000000999999', '$0.00000099'],
  ])('M1 of %s dollars are written short, and never rounded up: %s', (amount, words) => {
    expect(describeAmount(dollars(amount))).toBe(words);
  });

  it('that grow keep their digits', () => {
    const growing = ['0.0304', '0.030432', '0.03046', '0.1', '1.25', '99.999999', '100.5'];
    expect(growing.map((amount) => describeLiveAmount(dollars(amount)))).toEqual([
      '$0.030400',
      '$0.030432',
      '$0.030460',
      '$0.100000',
      '$1.250000',
      '$99.999999',
      '$100.50',
    ]);
    expect(describeLiveAmount('0')).toBe('$0.00');
    expect(describeLiveAmount('30685')).toBe('$0.000000030');
  });

  it('never shrink while they grow, as they are written', () => {
    let last = 0;
    for (let amount = 1n; amount < 10n ** 15n; amount = amount + amount / 3n + 1n) {
      const shown = Number(describeLiveAmount(amount).replaceAll(/[$,]/g, ''));
      expect(shown).toBeGreaterThanOrEqual(last);
      expect(shown).toBeLessThanOrEqual(Number(amount) / 1e12 + 1e-15);
      last = shown;
    }
  });

  it('are read as people type them', () => {
    expect(
      ['0.25', ' $1', '.5', '0,03', '12.', '5.0000000000001', '-1', 'x', '', '1e3', '1234567'].map(
        readAmount,
      ),
    ).toEqual([
      '250000000000',
      '1000000000000',
      '500000000000',
      '30000000000',
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    expect(writeAmount('250000000000')).toBe('0.25');
    expect(readAmount(writeAmount('1234500000000000'))).toBe('1234500000000000');
  });
});
