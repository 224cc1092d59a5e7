import { choice, type Expression, NOTHING, optional, repeat, sequence, text } from './expression.ts';
import { anyValue, listOf, separated, thenComma } from './json-rules.ts';
import { invalid, unsupported } from './schema-errors.ts';
import type { SchemaReader } from './schema-reader.ts';
import { below, readCount, type SchemaNode } from './schema-node.ts';

/** Lists by `prefixItems`, `items`, `minItems` and `maxItems`. */
export function addArray(reader: SchemaReader, node: SchemaNode): Expression {
  const { schema, path, depth } = node;
  const { items, prefixItems, uniqueItems } = schema;
  if (uniqueItems !== undefined && uniqueItems !== false) {
    throw unsupported(path, 'uniqueItems', `'uniqueItems' can't be enforced.`);
  }
  if (Array.isArray(items))
    throw unsupported(path, 'items', `a list of schemas in 'items' is now called 'prefixItems'.`);
  const least = readCount(node, 'minItems', 0);
  const most = readCount(node, 'maxItems', Number.POSITIVE_INFINITY);
  if (least > most) throw invalid(path, 'minItems', `is greater than 'maxItems'.`);
  const item =
    items === undefined ? anyValue(reader.grammar) : reader.add(items, below(path, 'items'), depth + 1);
  // A rule of its own: it stands twice in what follows.
  const rest = item === NOTHING ? NOTHING : reader.grammar.add('item', item);
  if (prefixItems === undefined)
    return rest === NOTHING && least === 0 ? text('[]') : listOf(rest, least, most);
  if (!Array.isArray(prefixItems)) throw invalid(path, 'prefixItems', 'must be a list of schemas.');
  const first = prefixItems.map((schema, i) => reader.add(schema, below(path, 'prefixItems', i), depth + 1));
  return sequence(text('['), tuple(first, rest, least, most), text(']'));
}

/** The first items each by its own schema, then the rest. Shorter lists are allowed down to `least`. */
function tuple(first: readonly Expression[], rest: Expression, least: number, most: number): Expression {
  const given = first.slice(0, Math.min(first.length, most));
  let end: Expression = repeat(thenComma(rest), Math.max(0, least - given.length), most - given.length);
  for (let i = given.length - 1; i > 0; i--) {
    const further = sequence(thenComma(given[i]!), end);
    end = i < least ? further : optional(further);
  }
  if (given.length === 0) return separated(rest, least, most);
  const whole = sequence(given[0]!, end);
  return least === 0 ? choice(whole, text('')) : whole;
}
