import { utf8 } from '../../core/bytes.ts';
import { byte, chars, type CharRange, type Expression, sequence } from './expression.ts';

/** Bytes from and to, for each byte of a character. */
export type ByteRanges = readonly CharRange[];

/** The last code points of one, two, three and four bytes. */
const LENGTHS = [0x7f, 0x7ff, 0xffff, 0x10ffff];

/** One character of these code points, as alternatives: a class for those of ASCII, bytes for the others. */
export function characters(ranges: readonly CharRange[]): Expression[] {
  const ascii = ranges
    .filter(([first]) => first < 0x80)
    .map(([first, last]): CharRange => [first, Math.min(last, 0x7f)]);
  const others = ranges
    .filter(([, last]) => last > 0x7f)
    .flatMap(([first, last]) => utf8Ranges([Math.max(first, 0x80), last]))
    .map((bytes) => sequence(...bytes.map(byte)));
  return ascii.length > 0 ? [chars(...ascii), ...others] : others;
}

/** The UTF-8 of a range of code points, as sequences of ranges of bytes. Halves of surrogate pairs have none. */
export function utf8Ranges([first, last]: CharRange): ByteRanges[] {
  const sequences: ByteRanges[] = [];
  let from = first;
  for (const longest of LENGTHS) {
    const to = Math.min(last, longest);
    if (from > to) continue;
    for (const [low, high] of withoutSurrogates(from, to))
      sequences.push(...split(bytesOf(low), bytesOf(high)));
    from = to + 1;
  }
  return sequences;
}

function withoutSurrogates(first: number, last: number): CharRange[] {
  const parts: CharRange[] = [
    [first, Math.min(last, 0xd7ff)],
    [Math.max(first, 0xe000), last],
  ];
  return parts.filter(([low, high]) => low <= high);
}

const bytesOf = (code: number): number[] => Array.from(utf8(String.fromCodePoint(code)));

/** Sequences of one length, from `low` to `high`. */
function split(low: readonly number[], high: readonly number[]): ByteRanges[] {
  const [first, last] = [low[0]!, high[0]!];
  const [lowRest, highRest] = [low.slice(1), high.slice(1)];
  if (low.length === 1) return [[[first, last]]];
  const lead = (byte: number, rest: ByteRanges[]): ByteRanges[] =>
    rest.map((tail) => [[byte, byte], ...tail]);
  if (first === last) return lead(first, split(lowRest, highRest));
  const least = lowRest.map(() => 0x80);
  const most = highRest.map(() => 0xbf);
  const from = lowRest.every((byte) => byte === 0x80) ? first : first + 1;
  const to = highRest.every((byte) => byte === 0xbf) ? last : last - 1;
  const middle: CharRange = [from, to];
  return [
    ...(from > first ? lead(first, split(lowRest, most)) : []),
    ...(from <= to ? [[middle, ...least.map((): CharRange => [0x80, 0xbf])]] : []),
    ...(to < last ? lead(last, split(least, highRest)) : []),
  ];
}
