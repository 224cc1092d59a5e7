/** How amounts are written. They come in pico (10^-12 of a dollar), as bigint or in decimal digits. */

const WHOLE = 10n ** 12n;
/** The digits of a dollar that people still read: a millionth. */
const MICRO = 10n ** 6n;

const grouped = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

/** An amount as short as it can be said without rounding up: `$0.25`, `$0.000128`, `$0.00000003`, `$12.50`. */
export function describeAmount(pico: bigint | string): string {
  const amount = BigInt(pico);
  if (amount > 0n && amount < MICRO) return `$0.${decimals(amount, leadingDigits(amount, 2), 2)}`;
  return `$${grouped.format(amount / WHOLE)}.${decimals(amount, amount < WHOLE ? 6 : 2, 2)}`;
}

/** An amount that grows on the screen: always as many digits as it had a moment ago, so that it does not jump. */
export function describeLiveAmount(pico: bigint | string): string {
  const amount = BigInt(pico);
  if (amount === 0n) return '$0.00';
  if (amount < MICRO) return `$0.${decimals(amount, leadingDigits(amount, 2), 12)}`;
  const digits = amount < 100n * WHOLE ? 6 : 2;
  return `$${grouped.format(amount / WHOLE)}.${decimals(amount, digits, digits)}`;
}

/** Dollars as somebody types them, as pico; undefined for what is no amount between nothing and a million. */
export function readAmount(text: string): string | undefined {
  const match = /^\s*\$?(\d{1,6})?(?:[.,](\d{1,12}))?\s*$/.exec(text);
  if (!match || (match[1] === undefined && match[2] === undefined)) return undefined;
  return String(BigInt(match[1] ?? '0') * WHOLE + BigInt((match[2] ?? '').padEnd(12, '0')));
}

/** The same without a sign, for an input. */
export function writeAmount(pico: string): string {
  return describeAmount(pico).slice(1).replaceAll(',', '');
}

/** Zeros after the point, and `significant` digits behind them. */
function leadingDigits(amount: bigint, significant: number): number {
  return Math.min(12, 12 - String(amount).length + significant);
}

/** The first `digits` decimals; zeros at the end go, down to `least`. */
function decimals(amount: bigint, digits: number, least: number): string {
  const all = String(amount % WHOLE)
    .padStart(12, '0')
    .slice(0, digits);
  let end = all.length;
  while (end > least && all[end - 1] === '0') end--;
  return all.slice(0, end);
}
