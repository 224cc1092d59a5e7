import type { Expression } from './expression.ts';
import { sequence, text } from './expression.ts';
import type { GrammarBuilder } from './grammar.ts';
import { jsonString } from './json-rules.ts';
import { invalid, unsupported } from './schema-errors.ts';
import { readCount, type SchemaNode } from './schema-node.ts';
import { STRING_FORMATS } from './string-formats.ts';

/** Longer bounds are refused: a grammar counts by having a place for each character. */
const LONGEST = 1000;

/** Strings by `minLength` and `maxLength`, or by a `format` that a grammar can hold. */
export function addString(grammar: GrammarBuilder, node: SchemaNode): Expression {
  const { schema, path } = node;
  const { format, pattern } = schema;
  const least = readCount(node, 'minLength', 0);
  const most = readCount(node, 'maxLength', Number.POSITIVE_INFINITY);
  if (least > most) throw invalid(path, 'minLength', `is greater than 'maxLength'.`);
  for (const [keyword, value] of Object.entries({ minLength: least, maxLength: most })) {
    if (value <= LONGEST || value === Number.POSITIVE_INFINITY) continue;
    throw unsupported(path, keyword, `'${keyword}' can be enforced up to ${LONGEST}.`);
  }
  if (pattern !== undefined) throw unsupported(path, 'pattern', `'pattern' can't be enforced.`);
  if (format === undefined) return jsonString(grammar, least, most);
  const known = typeof format === 'string' ? STRING_FORMATS[format] : undefined;
  if (typeof format !== 'string' || !known) {
    const names = Object.keys(STRING_FORMATS).join(', ');
    throw unsupported(path, 'format', `this 'format' can't be enforced; these can: ${names}.`);
  }
  const counted = ['minLength', 'maxLength'].find((keyword) => schema[keyword] !== undefined);
  if (counted) throw unsupported(path, counted, `'${counted}' can't be enforced beside 'format'.`);
  return grammar.define(`format_${format.replaceAll('-', '_')}`, () => sequence(text('"'), known, text('"')));
}
