import { chars, choice, type Expression, optional, repeat, sequence, text } from './expression.ts';
import { digit } from './json-rules.ts';
import { integerWithin } from './number-range.ts';

const numeral = (first: number, last: number): Expression => chars([0x30 + first, 0x30 + last]);
const alphanumeric = chars([0x30, 0x39], [0x41, 0x5a], [0x61, 0x7a]);
const hex = chars([0x30, 0x39], [0x61, 0x66]);

/** Days to 28: every month has those. */
const day = choice(
  sequence(text('0'), numeral(1, 9)),
  sequence(text('1'), digit),
  sequence(text('2'), numeral(0, 8)),
);
const month = choice(sequence(text('0'), numeral(1, 9)), sequence(text('1'), numeral(0, 2)));
const date = sequence(repeat(digit, 4, 4), text('-'), month, text('-'), day);

const hour = choice(sequence(numeral(0, 1), digit), sequence(text('2'), numeral(0, 3)));
const sixty = sequence(numeral(0, 5), digit);
const offset = choice(text('Z'), sequence(choice(text('+'), text('-')), hour, text(':'), sixty));
const time = sequence(
  hour,
  text(':'),
  sixty,
  text(':'),
  sixty,
  optional(sequence(text('.'), repeat(digit, 1, 6))),
  offset,
);

const byte = integerWithin({ least: 0, most: 255 });

/** Words of letters and digits, with single marks between. */
const words = (mark: Expression, least: number): Expression =>
  sequence(repeat(alphanumeric, 1), repeat(sequence(mark, repeat(alphanumeric, 1)), least));
const email = sequence(
  words(chars([0x2b, 0x2b], [0x2d, 0x2e], [0x5f, 0x5f]), 0),
  text('@'),
  words(text('.'), 1),
);

const hexes = (count: number): Expression => repeat(hex, count, count);
const uuid = sequence(
  hexes(8),
  text('-'),
  hexes(4),
  text('-'),
  hexes(4),
  text('-'),
  hexes(4),
  text('-'),
  hexes(12),
);

/** Formats that documents are held to: each text is of its format, though not every text of the format is allowed. */
export const STRING_FORMATS: Readonly<Record<string, Expression>> = {
  date,
  time,
  'date-time': sequence(date, text('T'), time),
  uuid,
  ipv4: sequence(byte, text('.'), byte, text('.'), byte, text('.'), byte),
  email,
};
