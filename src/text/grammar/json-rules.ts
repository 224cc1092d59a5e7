import {
  chars,
  type CharRange,
  choice,
  EMPTY,
  type Expression,
  optional,
  repeat,
  rule,
  sequence,
  text,
} from './expression.ts';
import type { GrammarBuilder } from './grammar.ts';
import { characters } from './utf8-ranges.ts';

/** Digits before the point, at most: every such integer is exact as a double. */
export const MOST_DIGITS = 15;

/** What may stand in a JSON string as it is: no control character, quote or backslash, and no half of a pair. */
export const PLAIN_CHARS: readonly CharRange[] = [
  [0x20, 0x21],
  [0x23, 0x5b],
  [0x5d, 0xd7ff],
  [0xe000, 0x10ffff],
];

export const digit = chars([0x30, 0x39]);
const hex = chars([0x30, 0x39], [0x41, 0x46], [0x61, 0x66]);

/** White space is at most one blank after a comma or a colon, and nowhere else: it costs tokens and can go on for ever. */
const comma = sequence(text(','), optional(text(' ')));
export const colon = sequence(text(':'), optional(text(' ')));

/**
 * A string of any characters. @param most Infinity for no bound; a pair of surrogates, escaped or not, counts as one
 *
 * A rule ends with the closing quote and refers to itself, with all that a character may be written out in it: so most
 * tokens are decided within one rule, which is a thousand times faster than a rule for each character. Where length is
 * bounded there is a rule for each number of characters left.
 */
export function jsonString(grammar: GrammarBuilder, least = 0, most = Number.POSITIVE_INFINITY): Expression {
  const written = [...characters(PLAIN_CHARS), escaped];
  if (least === 0 && most === Number.POSITIVE_INFINITY)
    return sequence(text('"'), textOf(grammar, 'text', written));
  const [plain, ...others] = written;
  const other = grammar.define('other_char', () => choice(...others));
  return sequence(text('"'), stringRest(grammar, [plain!, other], least, most));
}

/** Characters and the quote. @param name of the rule */
export function textOf(grammar: GrammarBuilder, name: string, written: readonly Expression[]): Expression {
  return grammar.define(name, () => choice(text('"'), ...written.map((char) => sequence(char, rule(name)))));
}

/** Further characters, at least and at most so many, and the quote. @param written what a character may be */
function stringRest(
  grammar: GrammarBuilder,
  written: readonly Expression[],
  least: number,
  most: number,
): Expression {
  if (most === 0) return text('"');
  if (least === 0 && most === Number.POSITIVE_INFINITY) return textOf(grammar, 'text_any', written);
  const name = `text_${least}_${most === Number.POSITIVE_INFINITY ? 'any' : most}`;
  return grammar.define(name, () => {
    const next = stringRest(grammar, written, Math.max(0, least - 1), most - 1);
    return choice(...(least === 0 ? [text('"')] : []), ...written.map((char) => sequence(char, next)));
  });
}

const hexes = (count: number): Expression => sequence(...Array.from({ length: count }, () => hex));
const letterD = chars([0x44, 0x44], [0x64, 0x64]);

/** Each is one code point: halves of pairs come in pairs only. */
const pair = sequence(
  chars([0x38, 0x39], [0x41, 0x42], [0x61, 0x62]),
  hexes(2),
  text('\\u'),
  letterD,
  chars([0x43, 0x46], [0x63, 0x66]),
  hexes(2),
);
const unicode = choice(
  sequence(chars([0x30, 0x39], [0x41, 0x43], [0x45, 0x46], [0x61, 0x63], [0x65, 0x66]), hexes(3)),
  sequence(letterD, choice(sequence(chars([0x30, 0x37]), hexes(2)), pair)),
);
const single = chars(
  ...Array.from('"/\\bfnrt', (char): CharRange => [char.charCodeAt(0), char.charCodeAt(0)]),
);
const escaped = sequence(text('\\'), choice(single, sequence(text('u'), unicode)));

export function jsonInteger(grammar: GrammarBuilder): Expression {
  return grammar.define('integer', () => choice(sequence(optional(text('-')), naturalNumber(grammar))));
}

/** 0, or up to 15 digits that don't begin with 0. */
export function naturalNumber(grammar: GrammarBuilder): Expression {
  return grammar.define('natural', () =>
    choice(text('0'), sequence(chars([0x31, 0x39]), repeat(digit, 0, MOST_DIGITS - 1))),
  );
}

/** A point and digits. */
export const fraction = sequence(text('.'), repeat(digit, 1, MOST_DIGITS));

export function jsonNumber(grammar: GrammarBuilder): Expression {
  // Two digits of exponent keep it within a double's range.
  const exponent = sequence(
    chars([0x45, 0x45], [0x65, 0x65]),
    optional(chars([0x2b, 0x2b], [0x2d, 0x2d])),
    repeat(digit, 1, 2),
  );
  return grammar.define('number', () =>
    sequence(optional(text('-')), naturalNumber(grammar), optional(fraction), optional(exponent)),
  );
}

export function anyObject(grammar: GrammarBuilder): Expression {
  return grammar.define('object', () => mapOf(grammar, jsonString(grammar), anyValue(grammar)));
}

export function anyArray(grammar: GrammarBuilder): Expression {
  return grammar.define('array', () => listOf(anyValue(grammar)));
}

/** Any JSON at all. */
export function anyValue(grammar: GrammarBuilder): Expression {
  return grammar.define('value', () =>
    choice(
      text('null'),
      text('true'),
      text('false'),
      jsonNumber(grammar),
      jsonString(grammar),
      anyArray(grammar),
      anyObject(grammar),
    ),
  );
}

/** `item` as often as that, with commas between. */
export function separated(item: Expression, least: number, most = Number.POSITIVE_INFINITY): Expression {
  if (most === 0) return EMPTY;
  const rest = sequence(item, repeat(sequence(comma, item), Math.max(0, least - 1), most - 1));
  return least === 0 ? optional(rest) : rest;
}

export function listOf(item: Expression, least = 0, most = Number.POSITIVE_INFINITY): Expression {
  return sequence(text('['), separated(item, least, most), text(']'));
}

export function mapOf(
  grammar: GrammarBuilder,
  key: Expression,
  value: Expression,
  least = 0,
  most = Number.POSITIVE_INFINITY,
): Expression {
  const entry = grammar.add('entry', sequence(key, colon, value));
  return sequence(text('{'), separated(entry, least, most), text('}'));
}

/** What follows what was written before it. */
export const thenComma = (item: Expression): Expression => sequence(comma, item);

/** A value as the only text that fits. */
export const literal = (value: unknown): Expression => text(JSON.stringify(value));
