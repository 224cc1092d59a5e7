import { choice, type Expression, NOTHING, text } from './expression.ts';
import type { GrammarBuilder } from './grammar.ts';
import { addArray } from './array-grammar.ts';
import { checkDisjoint } from './disjoint.ts';
import { anyValue, jsonInteger, jsonNumber, literal } from './json-rules.ts';
import { addNumber } from './number-grammar.ts';
import { addObject } from './object-grammar.ts';
import { followReferences, resolvePointer } from './pointer.ts';
import { invalid, notStrict } from './schema-errors.ts';
import type { SchemaReader } from './schema-reader.ts';
import { allowBeside, below, type JsonType, readNode, type SchemaNode, typesOf } from './schema-node.ts';
import { addString } from './string-grammar.ts';

/**
 * The JSON texts that a schema allows, or some of them: each is valid, and where a schema leaves more open than a
 * grammar can say (further properties, longer numbers), they are written the plain way.
 *
 * @param document the whole schema, which `$ref` points into
 */
export function addSchema(grammar: GrammarBuilder, document: unknown, strict = false): Expression {
  const references = new Map<string, string>();
  const reader: SchemaReader = {
    grammar,
    strict,
    add(schema, path, depth) {
      if (schema === true) return anyValue(grammar);
      if (schema === false) return NOTHING;
      return addNode(reader, readNode(schema, path, depth), links);
    },
  };
  /** One rule for each schema that is referred to: it may refer to itself. */
  function refer(reference: string, { path, depth }: SchemaNode): Expression {
    const name = references.get(reference) ?? grammar.freshName('ref');
    references.set(reference, name);
    return grammar.define(name, () => {
      const target = resolvePointer(document, reference, path);
      return reader.add(target, reference, depth + 1);
    });
  }
  const links: Links = { refer, resolve: (schema) => followReferences(document, schema) };
  if (strict) requireObject(document);
  return reader.add(document, '#', 0);
}

/** How a schema reaches the others of its document. */
interface Links {
  refer(reference: string, node: SchemaNode): Expression;
  /** The schema that a chain of references ends at. */
  resolve(schema: unknown): unknown;
}

function addNode(reader: SchemaReader, node: SchemaNode, links: Links): Expression {
  const { schema, path } = node;
  if (schema['$ref'] !== undefined) {
    allowBeside(node, '$ref');
    if (typeof schema['$ref'] !== 'string') throw invalid(path, '$ref', 'must be a string.');
    return links.refer(schema['$ref'], node);
  }
  if (schema['const'] !== undefined) {
    allowBeside(node, 'const', ['type']);
    return addValues(node, [schema['const']]);
  }
  if (schema['enum'] !== undefined) {
    allowBeside(node, 'enum', ['type']);
    if (!Array.isArray(schema['enum'])) throw invalid(path, 'enum', 'must be a list of values.');
    return addValues(node, schema['enum']);
  }
  for (const keyword of ['anyOf', 'oneOf', 'allOf'] as const) {
    if (schema[keyword] !== undefined) return addBranches(reader, node, keyword, links);
  }
  const types = typesOf(node);
  if (!types) return anyValue(reader.grammar);
  return choice(...types.map((type) => addType(reader, node, type)));
}

/** Values written as they are; those of another type than the schema's are left out. */
function addValues(node: SchemaNode, values: readonly unknown[]): Expression {
  const types = typesOf({ ...node, schema: { type: node.schema['type'] } });
  const fitting = types ? values.filter((value) => types.some((type) => isOfType(value, type))) : values;
  if (fitting.length === 0)
    throw invalid(node.path, 'enum' in node.schema ? 'enum' : 'const', 'leaves no value.');
  return choice(...new Map(fitting.map((value) => [JSON.stringify(value), literal(value)])).values());
}

function isOfType(value: unknown, type: JsonType): boolean {
  if (value === null) return type === 'null';
  if (Array.isArray(value)) return type === 'array';
  if (type === 'integer') return Number.isInteger(value);
  return typeof value === type;
}

function addBranches(
  reader: SchemaReader,
  node: SchemaNode,
  keyword: 'anyOf' | 'oneOf' | 'allOf',
  links: Links,
): Expression {
  const { schema, path, depth } = node;
  allowBeside(node, keyword);
  const branches = schema[keyword];
  if (!Array.isArray(branches) || branches.length === 0) {
    throw invalid(path, keyword, 'must be a list of one or more schemas.');
  }
  if (branches.length > 1 && keyword !== 'anyOf')
    checkDisjoint(branches, keyword, path, (schema) => links.resolve(schema));
  return choice(...branches.map((branch, i) => reader.add(branch, below(path, keyword, i), depth + 1)));
}

function addType(reader: SchemaReader, node: SchemaNode, type: JsonType): Expression {
  const { grammar } = reader;
  switch (type) {
    case 'null':
      return text('null');
    case 'boolean':
      return choice(text('true'), text('false'));
    case 'integer':
      return addNumber(node, 'integer') ?? jsonInteger(grammar);
    case 'number':
      return addNumber(node, 'number') ?? jsonNumber(grammar);
    case 'string':
      return addString(grammar, node);
    case 'array':
      return addArray(reader, node);
    case 'object':
      return addObject(reader, node);
  }
}

/** Strict documents are objects. */
function requireObject(document: unknown): void {
  const type = (document as { type?: unknown } | null)?.type;
  if (type !== 'object') throw notStrict('#', 'type', `strict mode wants a schema of type 'object'.`);
}
