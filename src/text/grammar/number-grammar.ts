import type { Expression } from './expression.ts';
import { integerWithin, isPlainDecimal, type NumberBounds, numberWithin } from './number-range.ts';
import { invalid, unsupported } from './schema-errors.ts';
import type { SchemaNode } from './schema-node.ts';

/** Numbers within the schema's bounds; undefined where it has none. */
export function addNumber(node: SchemaNode, type: 'integer' | 'number'): Expression | undefined {
  const { schema, path } = node;
  const multiple = readBound(node, 'multipleOf');
  if (multiple !== undefined && (type === 'number' || multiple !== 1)) {
    throw unsupported(path, 'multipleOf', `'multipleOf' can't be enforced.`);
  }
  const bounds: NumberBounds = {
    ...(least(node, type) !== undefined && { least: least(node, type)! }),
    ...(most(node, type) !== undefined && { most: most(node, type)! }),
  };
  if (bounds.least === undefined && bounds.most === undefined) return undefined;
  const expression = type === 'integer' ? integerWithin(bounds) : numberWithin(bounds);
  if (expression.kind === 'choice' && expression.items.length === 0) {
    throw invalid(path, schema['minimum'] === undefined ? 'maximum' : 'minimum', 'leaves no number.');
  }
  return expression;
}

function least(node: SchemaNode, type: 'integer' | 'number'): number | undefined {
  const [inclusive, exclusive] = [readBound(node, 'minimum'), readBound(node, 'exclusiveMinimum')];
  const inside = exclusive === undefined ? undefined : beyond(node, exclusive, 1, type);
  return pick(Math.max, inclusive, inside);
}

function most(node: SchemaNode, type: 'integer' | 'number'): number | undefined {
  const [inclusive, exclusive] = [readBound(node, 'maximum'), readBound(node, 'exclusiveMaximum')];
  const inside = exclusive === undefined ? undefined : beyond(node, exclusive, -1, type);
  return pick(Math.min, inclusive, inside);
}

function pick(which: (a: number, b: number) => number, a?: number, b?: number): number | undefined {
  return a === undefined ? b : b === undefined ? a : which(a, b);
}

function readBound({ schema, path }: SchemaNode, keyword: string): number | undefined {
  const value = schema[keyword];
  if (value === undefined) return undefined;
  if (typeof value !== 'number') throw invalid(path, keyword, 'must be a number.');
  if (isPlainDecimal(value)) return value;
  throw unsupported(
    path,
    keyword,
    `'${keyword}' can be enforced up to 15 digits before and after the point.`,
  );
}

/** Fractions are kept this far from a bound that they must not reach: what is nearer might be rounded to it. */
const STEP_DIGITS = 6;
const FARTHEST = 1e9;

/** The first value beyond a bound that is itself not allowed. */
function beyond({ path }: SchemaNode, bound: number, sign: 1 | -1, type: 'integer' | 'number'): number {
  if (type === 'integer') return sign > 0 ? Math.floor(bound) + 1 : Math.ceil(bound) - 1;
  if (Math.abs(bound) > FARTHEST) {
    const keyword = sign > 0 ? 'exclusiveMinimum' : 'exclusiveMaximum';
    throw unsupported(path, keyword, `'${keyword}' can be enforced for numbers up to ${FARTHEST}.`);
  }
  const decimals = Math.max(STEP_DIGITS, String(bound).split('.')[1]?.length ?? 0);
  return Number((bound + sign * 10 ** -decimals).toFixed(decimals));
}
