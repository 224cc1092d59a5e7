import { CodedError } from '../core/errors.ts';

/**
 * A decimal amount of whole coins in base units.
 * @example parseCoins('1.5', 6) // 1500000n
 * @throws CodedError `amount_invalid` for anything else, or for more decimals than the coin has
 */
export function parseCoins(text: string, decimals: number): bigint {
  const [, whole, fraction = ''] = /^(\d{1,30})(?:\.(\d{1,18}))?$/.exec(text.trim()) ?? [];
  if (whole === undefined || fraction.length > decimals) {
    throw new CodedError(
      'amount_invalid',
      `An amount must be a number of coins with at most ${decimals} decimals, for example 1.50.`,
      { decimals },
    );
  }
  return BigInt(whole + fraction.padEnd(decimals, '0'));
}

/** Base units as whole coins, without needless zeros. @example formatCoins(1500000n, 6) // '1.5' */
export function formatCoins(amount: bigint, decimals: number): string {
  const digits = amount.toString().padStart(decimals + 1, '0');
  const fraction = digits.slice(digits.length - decimals).replace(/0+$/, '');
  const whole = digits.slice(0, digits.length - decimals);
  return fraction === '' || decimals === 0 ? whole : `${whole}.${fraction}`;
}
