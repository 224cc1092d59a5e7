import { describe, expect, it } from 'vitest';
import { checkSchema, grammarOf, schemaConstraint } from '../../../../src/text/grammar/constraint.ts';

const MODEL = { vocab: 2048 };

const objectOf = (property: unknown): object => ({ type: 'object', properties: { a: property } });
const deep = (levels: number): object => (levels === 0 ? {} : { type: 'array', items: deep(levels - 1) });

describe('G3 what can’t be enforced is refused, naming it', () => {
  it.each<[object, string, string, string]>([
    [{ type: 'string', pattern: 'a' }, 'schema_unsupported', '#', 'pattern'],
    [
      objectOf({ type: 'string', contentEncoding: 'base64' }),
      'schema_unsupported',
      '#/properties/a',
      'contentEncoding',
    ],
    [objectOf({ not: {} }), 'schema_unsupported', '#/properties/a', 'not'],
    [{ type: 'object', patternProperties: {} }, 'schema_unsupported', '#', 'patternProperties'],
    [{ type: 'string', format: 'uri' }, 'schema_unsupported', '#', 'format'],
    [{ type: 'array', uniqueItems: true }, 'schema_unsupported', '#', 'uniqueItems'],
    [
      { type: 'array', items: { type: 'number', multipleOf: 0.1 } },
      'schema_unsupported',
      '#/items',
      'multipleOf',
    ],
    [{ type: 'array', contains: {} }, 'schema_unsupported', '#', 'contains'],
    [{ if: {}, else: {} }, 'schema_unsupported', '#', 'if'],
    [{ type: 'string', nullable: true }, 'schema_unsupported', '#', 'nullable'],
    [{ allOf: [{ type: 'string' }, { maxLength: 2 }] }, 'schema_unsupported', '#', 'allOf'],
    [{ oneOf: [{ type: 'string' }, { enum: ['a'] }] }, 'schema_unsupported', '#', 'oneOf'],
    [{ anyOf: [{ required: ['a'] }], type: 'object' }, 'schema_unsupported', '#', 'type'],
    [{ $ref: '#/$defs/a', maxLength: 2, $defs: { a: {} } }, 'schema_unsupported', '#', 'maxLength'],
    [{ $ref: 'https://example.org/schema' }, 'schema_unsupported', '#', '$ref'],
    [{ $ref: '#/$defs/toString' }, 'schema_unsupported', '#', '$ref'],
    [{ maxLength: 3, maximum: 2 }, 'schema_unsupported', '#', 'type'],
    [{ type: 'object', minProperties: 2, properties: { a: {} } }, 'schema_unsupported', '#', 'minProperties'],
    [
      { type: 'object', maxProperties: 1, properties: { a: {}, b: {} } },
      'schema_unsupported',
      '#',
      'maxProperties',
    ],
    [{ type: 'number', minimum: 1e-20 }, 'schema_unsupported', '#', 'minimum'],
    [{ type: 'strnig' }, 'schema_invalid', '#', 'type'],
    [{ type: 'integer', minimum: 3, maximum: 2 }, 'schema_invalid', '#', 'minimum'],
    [{ type: 'string', minLength: -1 }, 'schema_invalid', '#', 'minLength'],
    [{ enum: [] }, 'schema_invalid', '#', 'enum'],
    [{ type: 'object', required: ['b'], additionalProperties: false }, 'schema_invalid', '#', 'required'],
    [objectOf(3), 'schema_invalid', '#/properties/a', 'a'],
  ])('%j', (schema, code, path, keyword) => {
    expect(() => schemaConstraint(schema, MODEL)).toThrow(
      expect.objectContaining({ code, data: { path, keyword } }) as Error,
    );
  });

  it.each([
    ['that no document fits', { $ref: '#' }],
    ['that every document would have to contain itself', { ...objectOf({ $ref: '#' }), required: ['a'] }],
    ['that refers to itself with nothing between', { anyOf: [{ $ref: '#' }, { type: 'string' }] }],
    ['that is nested too deeply', deep(300)],
  ])('a schema %s', (_, schema) => {
    expect(() => checkSchema(schema, MODEL)).toThrow(
      expect.objectContaining({ code: 'schema_unsupported' }) as Error,
    );
  });

  it('says nothing against what only tells people something', () => {
    const words = {
      title: 'T',
      description: 'D',
      default: 3,
      examples: [1],
      deprecated: true,
      $comment: 'C',
    };
    checkSchema(
      { ...words, $schema: 'https://json-schema.org/draft/2020-12/schema', $id: 'x', type: 'integer' },
      MODEL,
    );
  });
});

describe('G4 strict', () => {
  const strict = (schema: object) => (): void => checkSchema(schema, MODEL, true);
  const inner = { type: 'object', properties: { b: {} }, required: ['b'], additionalProperties: false };

  it('takes closed objects whose properties are all required', () => {
    strict(inner)();
    strict({ ...inner, properties: { b: inner } })();
  });

  it.each([
    [{ ...inner, required: [] }, '#', 'required'],
    [{ ...inner, additionalProperties: true }, '#', 'additionalProperties'],
    [{ ...inner, properties: { b: { type: 'object' } } }, '#/properties/b', 'additionalProperties'],
    [{ type: 'array', items: inner }, '#', 'type'],
  ])('refuses %j', (schema, path, keyword) => {
    expect(strict(schema)).toThrow(
      expect.objectContaining({ code: 'schema_not_strict', data: { path, keyword } }) as Error,
    );
  });
});

describe('G5 what would take too long is refused', () => {
  const tooLarge = expect.objectContaining({ code: 'schema_too_large' }) as Error;

  it('by its size', () => {
    const many = { enum: Array.from({ length: 4000 }, (_, i) => `value ${i}`) };
    expect(() => checkSchema(many, MODEL)).toThrow(tooLarge);
    const twice = (levels: number): object =>
      levels === 0
        ? { type: 'integer' }
        : { type: 'array', prefixItems: [twice(levels - 1), twice(levels - 1)] };
    expect(() => checkSchema(twice(12), MODEL)).toThrow(tooLarge);
    const long = { type: 'object', properties: { a: { description: 'x'.repeat(40_000) } } };
    expect(() => schemaConstraint(long, MODEL)).toThrow(tooLarge);
  });

  it('by its size and that of the vocabulary', () => {
    const bounded = { type: 'string', maxLength: 100 };
    checkSchema(bounded, MODEL);
    expect(() => checkSchema(bounded, { vocab: 150_000 })).toThrow(tooLarge);
    checkSchema({ type: 'string', maxLength: 20 }, { vocab: 150_000 });
  });

  it('within milliseconds, whatever is sent', () => {
    const loop = {
      $defs: { a: { anyOf: [{ $ref: '#/$defs/b' }] }, b: { anyOf: [{ $ref: '#/$defs/a' }] } },
      $ref: '#/$defs/a',
    };
    expect(() => checkSchema(loop, MODEL)).toThrow(
      expect.objectContaining({ code: 'schema_unsupported' }) as Error,
    );
    const nest: Record<string, object> = {};
    for (let i = 0; i < 60; i++)
      nest[`a${i}`] = { prefixItems: [{ $ref: `#/$defs/a${i + 1}` }, { $ref: `#/$defs/a${i + 1}` }] };
    checkSchema({ $defs: { ...nest, a60: { type: 'null' } }, $ref: '#/$defs/a0' }, MODEL);
  });
});

it('G1 keys keep the order of the schema on the wire', () => {
  const schema = { type: 'object', properties: { z: {}, a: {} } };
  expect(schemaConstraint(schema, MODEL)).toEqual({ kind: 'json_schema', schema: JSON.stringify(schema) });
});

it('G3 a constraint that is none of ours is refused', () => {
  for (const tag of ['{', '1', '{"type":"structural_tag","format":{"type":"any_text"}}', '{"type":"x"}']) {
    expect(() => grammarOf({ kind: 'structural_tag', tag }, MODEL)).toThrow(
      expect.objectContaining({ code: 'constraint_unsupported' }) as Error,
    );
  }
  expect(() => grammarOf({ kind: 'json_schema', schema: '{' }, MODEL)).toThrow(
    expect.objectContaining({ code: 'constraint_unsupported' }) as Error,
  );
});
