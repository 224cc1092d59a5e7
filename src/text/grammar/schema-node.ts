import { invalid, unsupported } from './schema-errors.ts';

export const TYPES = ['null', 'boolean', 'integer', 'number', 'string', 'array', 'object'] as const;
export type JsonType = (typeof TYPES)[number];

/** A schema object, and where it stands in its document. */
export interface SchemaNode {
  readonly schema: Readonly<Record<string, unknown>>;
  /** `#/properties/a` */
  readonly path: string;
  readonly depth: number;
}

/** What says something to people or programs, and nothing about which documents are valid. */
const ANNOTATIONS = new Set([
  'title',
  'description',
  'default',
  'examples',
  'deprecated',
  'readOnly',
  'writeOnly',
  '$comment',
  '$schema',
  '$defs',
  'definitions',
]);

/** The keywords that documents are held to, by the type that they speak of. */
const KEYWORDS_OF: Readonly<Partial<Record<JsonType, readonly string[]>>> = {
  object: ['properties', 'required', 'additionalProperties', 'minProperties', 'maxProperties'],
  array: ['items', 'prefixItems', 'minItems', 'maxItems', 'uniqueItems'],
  string: ['minLength', 'maxLength', 'pattern', 'format'],
  number: ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'],
};

const WHOLE = ['$ref', 'enum', 'const', 'anyOf', 'oneOf', 'allOf', 'type'];
const KNOWN = new Set([...ANNOTATIONS, ...WHOLE, ...Object.values(KEYWORDS_OF).flat()]);

const HINTS: Readonly<Record<string, string>> = {
  nullable: `write "type": ["string", "null"] instead`,
  patternProperties: 'name the properties, or use additionalProperties',
};

/** Deeper nesting than this is refused, references counted: whoever reads a schema goes down with it. */
const DEEPEST = 200;

/** @throws CodedError `schema_invalid`, or `schema_unsupported` for a keyword that nobody would enforce */
export function readNode(value: unknown, path: string, depth: number): SchemaNode {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid(path, path.split('/').at(-1)!, 'must be a schema: an object, true or false.');
  }
  if (depth > DEEPEST) throw unsupported(path, 'depth', `schemas may be nested ${DEEPEST} deep, no deeper.`);
  for (const keyword of Object.keys(value)) {
    if (KNOWN.has(keyword) || (keyword === '$id' && path === '#')) continue;
    const hint = HINTS[keyword];
    throw unsupported(path, keyword, `'${keyword}' can't be enforced${hint ? `: ${hint}` : ''}.`);
  }
  return { schema: value as Record<string, unknown>, path, depth };
}

/** Refuses a keyword that says something beside one that says it all. */
export function allowBeside(
  { schema, path }: SchemaNode,
  keyword: string,
  also: readonly string[] = [],
): void {
  for (const other of Object.keys(schema)) {
    if (other === keyword || ANNOTATIONS.has(other) || other === '$id' || also.includes(other)) continue;
    throw unsupported(path, other, `'${other}' can't be enforced beside '${keyword}'.`);
  }
}

/** The types that a schema allows: what it says, or those that its keywords speak of. Undefined: any. */
export function typesOf({ schema, path }: SchemaNode): readonly JsonType[] | undefined {
  const { type } = schema;
  if (type !== undefined) {
    const types = Array.isArray(type) ? type : [type];
    const known = types.every((item) => TYPES.includes(item as JsonType));
    if (known && types.length > 0) return [...new Set(types as JsonType[])];
    throw invalid(path, 'type', `must be one of ${TYPES.join(', ')}, or a list of them.`);
  }
  const spoken = (Object.keys(KEYWORDS_OF) as JsonType[]).filter((name) =>
    KEYWORDS_OF[name]!.some((keyword) => schema[keyword] !== undefined),
  );
  if (spoken.length > 1) {
    throw unsupported(path, 'type', `keywords of several types (${spoken.join(', ')}) need a 'type'.`);
  }
  return spoken.length === 0 ? undefined : spoken;
}

/** A count from a keyword. */
export function readCount({ schema, path }: SchemaNode, keyword: string, otherwise: number): number {
  const value = schema[keyword];
  if (value === undefined) return otherwise;
  if (Number.isInteger(value) && (value as number) >= 0) return value as number;
  throw invalid(path, keyword, 'must be a whole number, 0 or more.');
}

/** A step of a path, escaped as JSON pointers are. */
export function below(path: string, ...steps: readonly (string | number)[]): string {
  return [path, ...steps.map((step) => String(step).replaceAll('~', '~0').replaceAll('/', '~1'))].join('/');
}
