import { unsupported } from './schema-errors.ts';
import { below } from './schema-node.ts';

/** The schema that a chain of `$ref` ends at. */
type Resolve = (schema: unknown) => unknown;

type Schema = Readonly<Record<string, unknown>>;

/**
 * `oneOf` holds where exactly one branch does, so two that could both hold are refused; `allOf` of several is refused
 * whole, since a grammar is no intersection.
 */
export function checkDisjoint(
  branches: readonly unknown[],
  keyword: 'oneOf' | 'allOf',
  path: string,
  resolve: Resolve,
): void {
  if (keyword === 'allOf') {
    throw unsupported(path, 'allOf', `'allOf' of several schemas can't be enforced: write one schema.`);
  }
  for (const [i, first] of branches.entries()) {
    const other = branches.slice(i + 1).findIndex((second) => !areDisjoint(first, second, resolve));
    if (other < 0) continue;
    const pair = `${below(path, 'oneOf', i)} and ${below(path, 'oneOf', i + 1 + other)}`;
    throw unsupported(
      path,
      'oneOf',
      `${pair} might both hold, so 'oneOf' can't be enforced: use anyOf, or a required property with a different const in each.`,
    );
  }
}

/** True where surely no value fits both. */
function areDisjoint(one: unknown, two: unknown, resolve: Resolve): boolean {
  const [first, second] = [resolve(one), resolve(two)];
  if (!isSchema(first) || !isSchema(second)) return first === false || second === false;
  const [values, others] = [valuesOf(first), valuesOf(second)];
  if (values && others) return !values.some((value) => others.includes(value));
  const [types, otherTypes] = [typesOf(first), typesOf(second)];
  if (!types || !otherTypes) return false;
  if (!types.some((type) => otherTypes.includes(type))) return true;
  return (
    types.length === 1 && types[0] === 'object' && otherTypes.length === 1 && haveMark(first, second, resolve)
  );
}

/** Whether a property that both require has different values in each. */
function haveMark(first: Schema, second: Schema, resolve: Resolve): boolean {
  const [properties, others] = [propertiesOf(first), propertiesOf(second)];
  return requiredOf(first).some(
    (name) => requiredOf(second).includes(name) && areDisjoint(properties[name], others[name], resolve),
  );
}

const isSchema = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const propertiesOf = ({ properties }: Schema): Schema => (isSchema(properties) ? properties : {});

const requiredOf = ({ required }: Schema): readonly string[] =>
  Array.isArray(required) ? required.filter((name): name is string => typeof name === 'string') : [];

/** As JSON texts. */
function valuesOf({ const: value, enum: values }: Schema): string[] | undefined {
  if (value !== undefined) return [JSON.stringify(value)];
  return Array.isArray(values) ? values.map((item) => JSON.stringify(item)) : undefined;
}

/** Whole numbers are numbers: the two are one type here. */
function typesOf(schema: Schema): unknown[] | undefined {
  const { type } = schema;
  const values = valuesOf(schema);
  if (values) return values.map((value) => typeOfJson(value));
  if (type === undefined) return undefined;
  const types: unknown[] = Array.isArray(type) ? type : [type];
  return types.map((name) => (name === 'integer' ? 'number' : name));
}

function typeOfJson(json: string): string {
  const value: unknown = JSON.parse(json);
  return value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
}
