import { choice, EMPTY, type Expression, NOTHING, optional, repeat, sequence, text } from './expression.ts';
import type { GrammarBuilder } from './grammar.ts';
import { anyObject, colon, jsonString, literal, mapOf, separated, thenComma } from './json-rules.ts';
import { otherKey } from './other-keys.ts';
import { invalid, notStrict, unsupported } from './schema-errors.ts';
import type { SchemaReader } from './schema-reader.ts';
import { below, readCount, type SchemaNode } from './schema-node.ts';

interface Property {
  /** `"name":value` */
  readonly entry: Expression;
  readonly required: boolean;
}

/** Objects: the declared properties in the schema's order, each once, then further ones where the schema asks for them. */
export function addObject(reader: SchemaReader, node: SchemaNode): Expression {
  const { grammar } = reader;
  const { schema, path, depth } = node;
  const declared = readProperties(node);
  const required = readRequired(node);
  const additional = schema['additionalProperties'];
  if (reader.strict) checkStrict(node, Object.keys(declared), required);
  const least = readCount(node, 'minProperties', 0);
  const most = readCount(node, 'maxProperties', Number.POSITIVE_INFINITY);
  const names = [...new Set([...Object.keys(declared), ...required])];
  const open = additional !== undefined ? additional !== false : names.length === 0;
  if (
    names.length === 0 &&
    open &&
    typeof additional !== 'object' &&
    least === 0 &&
    most === Number.POSITIVE_INFINITY
  ) {
    return anyObject(grammar);
  }
  const others = reader.add(additional ?? true, below(path, 'additionalProperties'), depth + 1);
  const properties = names.map((name): Property => {
    const isDeclared = Object.hasOwn(declared, name);
    if (!isDeclared && additional === false) {
      throw invalid(path, 'required', `names '${name}', which the schema does not allow.`);
    }
    const value = isDeclared
      ? reader.add(declared[name], below(path, 'properties', name), depth + 1)
      : others;
    return {
      entry: grammar.add('entry', sequence(literal(name), colon, value)),
      required: required.includes(name),
    };
  });
  const extra = checkCounts(node, properties, open, least, most);
  if (names.length === 0 && open) return mapOf(grammar, jsonString(grammar), others, least, extra);
  const further =
    extra === 0 ? NOTHING : grammar.add('entry', sequence(otherKey(grammar, names), colon, others));
  return sequence(text('{'), members(grammar, properties, further, extra), text('}'));
}

function readProperties({ schema: { properties = {} }, path }: SchemaNode): Record<string, unknown> {
  if (typeof properties === 'object' && properties !== null && !Array.isArray(properties)) {
    return properties as Record<string, unknown>;
  }
  throw invalid(path, 'properties', 'must be an object of schemas.');
}

function readRequired({ schema: { required = [] }, path }: SchemaNode): string[] {
  if (Array.isArray(required) && required.every((name) => typeof name === 'string')) return required;
  throw invalid(path, 'required', 'must be a list of names.');
}

function checkStrict(
  { schema, path }: SchemaNode,
  declared: readonly string[],
  required: readonly string[],
): void {
  if (schema['additionalProperties'] !== false) {
    throw notStrict(path, 'additionalProperties', `strict mode wants 'additionalProperties': false here.`);
  }
  const loose = declared.find((name) => !required.includes(name));
  if (loose === undefined) return;
  const cure = `make it nullable if it may be missing`;
  throw notStrict(
    path,
    'required',
    `strict mode wants every property in 'required', '${loose}' too: ${cure}.`,
  );
}

/** How many further properties an object may have. Equal keys count once, so a least number of them can't be held. */
function checkCounts(
  { path }: SchemaNode,
  properties: readonly Property[],
  open: boolean,
  least: number,
  most: number,
): number {
  const sure = properties.filter(({ required }) => required).length;
  if (least > sure && !(least === 1 && open && properties.length === 0)) {
    throw unsupported(
      path,
      'minProperties',
      `'minProperties' beyond the required properties can't be enforced.`,
    );
  }
  if (most < sure) throw invalid(path, 'maxProperties', 'is less than the number of required properties.');
  if (!open) {
    if (most >= properties.length) return 0;
  } else if (most === Number.POSITIVE_INFINITY || sure === properties.length) return most - sure;
  throw unsupported(path, 'maxProperties', `'maxProperties' can't be enforced beside optional properties.`);
}

/** @param further an entry under another name; at most `extra` of them */
function members(
  grammar: GrammarBuilder,
  properties: readonly Property[],
  further: Expression,
  extra: number,
): Expression {
  // Both from the end: what follows once something is written, and what may come while nothing is.
  let after: Expression = extra === 0 ? EMPTY : repeat(thenComma(further), 0, extra);
  let start: Expression = extra === 0 ? EMPTY : separated(further, 0, extra);
  for (const { entry, required } of [...properties].reverse()) {
    const rest = after.kind === 'text' ? after : grammar.add('members', after);
    const first = sequence(entry, rest);
    start = required ? first : choice(first, grammar.add('start', start));
    const next = thenComma(entry);
    after = sequence(required ? next : optional(next), rest);
  }
  return start;
}
