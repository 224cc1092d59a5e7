import {
  chars,
  choice,
  type Expression,
  EMPTY,
  NOTHING,
  optional,
  repeat,
  sequence,
  text,
} from './expression.ts';
import { digit, MOST_DIGITS } from './json-rules.ts';

/** Bounds of a number, inclusive; a missing one is that of 15 digits. */
export interface NumberBounds {
  readonly least?: number;
  readonly most?: number;
}

const LARGEST = 10 ** MOST_DIGITS - 1;

/** Whole numbers from `least` to `most`, without a point. */
export function integerWithin({ least = -LARGEST, most = LARGEST }: NumberBounds): Expression {
  const low = Math.max(Math.ceil(least), -LARGEST);
  const high = Math.min(Math.floor(most), LARGEST);
  if (low > high) return NOTHING;
  const parts: Expression[] = [];
  if (high >= 0) parts.push(naturalsWithin(Math.max(low, 0), high));
  if (low < 0) parts.push(sequence(text('-'), naturalsWithin(Math.max(-high, 1), -low)));
  return choice(...parts);
}

/** Naturals from `low` to `high`, both at least 0. */
function naturalsWithin(low: number, high: number): Expression {
  const parts: Expression[] = [];
  for (let length = String(low).length; length <= String(high).length; length++) {
    const least = length === 1 ? 0 : 10 ** (length - 1);
    const first = String(Math.max(low, least));
    const last = String(Math.min(high, 10 ** length - 1));
    parts.push(digitsWithin(first, last));
  }
  return choice(...parts);
}

/** Digit strings of one length, from `low` to `high`. */
function digitsWithin(low: string, high: string): Expression {
  if (low === high) return text(low);
  const [first, last, rest] = [Number(low[0]), Number(high[0]), low.length - 1];
  if (first === last) return sequence(text(low[0]!), digitsWithin(low.slice(1), high.slice(1)));
  const zeros = '0'.repeat(rest);
  const nines = '9'.repeat(rest);
  const from = low.slice(1) === zeros ? first : first + 1;
  const to = high.slice(1) === nines ? last : last - 1;
  const parts: Expression[] = [];
  if (from > first) parts.push(sequence(text(low[0]!), digitsWithin(low.slice(1), nines)));
  if (from <= to) parts.push(sequence(digits(from, to), repeat(digit, rest, rest)));
  if (to < last) parts.push(sequence(text(high[0]!), digitsWithin(zeros, high.slice(1))));
  return choice(...parts);
}

const digits = (from: number, to: number): Expression => chars([0x30 + from, 0x30 + to]);

/** A bound as the decimal digits that it is. */
interface Decimal {
  readonly whole: number;
  /** Digits after the point, without zeros at their end. */
  readonly part: string;
}

/** Numbers within bounds, written without an exponent. The bounds themselves need none, either: see `isPlainDecimal`. */
export function numberWithin({ least = -LARGEST, most = LARGEST }: NumberBounds): Expression {
  if (least > most) return NOTHING;
  const parts: Expression[] = [];
  if (most >= 0) parts.push(decimalsWithin(decimal(Math.max(least, 0)), decimal(most)));
  if (least < 0) {
    const negative = decimalsWithin(decimal(Math.max(-most, 0)), decimal(-least));
    parts.push(sequence(text('-'), negative));
  }
  return choice(...parts);
}

/** Whether a bound prints as plain digits of a length that the grammar has. */
export function isPlainDecimal(bound: number): boolean {
  return Math.abs(bound) <= LARGEST && /^-?\d+(\.\d{1,15})?$/.test(String(bound));
}

function decimal(value: number): Decimal {
  const [whole = '0', part = ''] = String(value).split('.');
  return { whole: Number(whole), part };
}

function decimalsWithin(low: Decimal, high: Decimal): Expression {
  const whole = (value: number): Expression => text(String(value));
  if (low.whole === high.whole) return sequence(whole(low.whole), partWithin(low.part, high.part));
  const parts = [sequence(whole(low.whole), partWithin(low.part, undefined))];
  if (low.whole + 1 < high.whole) {
    parts.push(sequence(naturalsWithin(low.whole + 1, high.whole - 1), partWithin('', undefined)));
  }
  parts.push(sequence(whole(high.whole), partWithin('', high.part)));
  return choice(...parts);
}

/** Nothing, or a point and digits, so that 0.low <= 0.digits <= 0.high; without `high` anything below 1. */
function partWithin(low: string, high: string | undefined): Expression {
  const some = partDigits(low, high, MOST_DIGITS);
  const point = sequence(text('.'), some);
  return low === '' ? optional(point) : point;
}

/** Digits, at least one and at most `room`, within bounds that are padded with zeros. */
function partDigits(low: string, high: string | undefined, room: number): Expression {
  if (high === undefined && low === '') return repeat(digit, 1, room);
  if (high === '') return low === '' ? repeat(text('0'), 1, room) : NOTHING;
  const first = Number(low[0] ?? 0);
  const last = high === undefined ? 9 : Number(high[0]);
  const parts: Expression[] = [];
  for (let value = first; value <= last; value++) {
    const nextLow = value === first ? low.slice(1) : '';
    const nextHigh = high !== undefined && value === last ? high.slice(1) : undefined;
    const free = nextLow === '' && nextHigh === undefined;
    if (free) continue;
    parts.push(sequence(text(String(value)), tail(nextLow, nextHigh, room - 1)));
  }
  const from = low.length > 1 ? first + 1 : first;
  const to = high === undefined ? last : last - 1;
  if (from <= to) parts.push(sequence(digits(from, to), repeat(digit, 0, room - 1)));
  return choice(...parts);
}

/** What may follow a digit: nothing where the lower bound allows it, or more digits. */
function tail(low: string, high: string | undefined, room: number): Expression {
  if (room === 0) return low === '' ? EMPTY : NOTHING;
  const more = partDigits(low, high, room);
  return low === '' ? optional(more) : more;
}
