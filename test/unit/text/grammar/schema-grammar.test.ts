import { beforeAll, describe, expect, it } from 'vitest';
import { grammarOf, schemaConstraint } from '../../../../src/text/grammar/constraint.ts';
import { openRecognizer, type Recognizer } from '../../../contract/recognizer.ts';

const MODEL = { vocab: 2048 };

let recognizer: Recognizer;
beforeAll(async () => {
  recognizer = await openRecognizer();
});

const closed = { type: 'object', additionalProperties: false } as const;
const list = {
  type: 'object',
  properties: { next: { anyOf: [{ $ref: '#' }, { type: 'null' }] } },
  required: ['next'],
};

const CASES: readonly (readonly [
  name: string,
  schema: object,
  yes: readonly string[],
  no: readonly string[],
])[] = [
  [
    'any value',
    {},
    ['1', 'null', '{"a":[1, 2.5e3,"x"]}', '[]', '{}', '"\\u00e9é😀\\ud83d\\ude00\\n"', '-0.5E+7'],
    ['', ' 1', '{"a" :1}', '"\\ud83d"', '"\\ude00"', '[1,]', '01', '1.', '1e999', '"\n"', '[1,  2]', '1 '],
  ],
  [
    'properties in the order of the schema, where they are required or not',
    {
      ...closed,
      properties: { b: { type: 'integer' }, a: { type: 'string' }, c: { type: 'boolean' } },
      required: ['a'],
    },
    ['{"a":"x"}', '{"b": 1, "a": "", "c":true}'],
    ['{}', '{"b":1}', '{"a":"","b":1}', '{"a":"","d":1}', '{"b":1.5,"a":""}', '{"a":"","a":""}'],
  ],
  [
    'further properties under other names only',
    {
      properties: { a: { type: 'integer' }, ab: { type: 'integer' } },
      additionalProperties: { type: 'string' },
    },
    ['{}', '{"a":1}', '{"x":"y"}', '{"a":1,"b":"c"}', '{"aa":"x"}', '{"abc":"x","x":"z"}', '{"ab":3,"":"s"}'],
    ['{"a":"x"}', '{"ab":"x"}', '{"x":1}', '{"\\u0061":"x"}'],
  ],
  ['a required property that is not described', { required: ['x'], type: 'object' }, ['{"x":[]}'], ['{}']],
  ['few properties', { additionalProperties: true, maxProperties: 1 }, ['{}', '{"a":1}'], ['{"a":1,"b":2}']],
  [
    'integers',
    { type: 'integer', minimum: -5, maximum: 123 },
    ['-5', '0', '123', '99'],
    ['-6', '124', '200', '00', '1.0'],
  ],
  [
    'low integers',
    { type: 'integer', maximum: -1849 },
    ['-1849', '-2000', '-99999'],
    ['-1848', '-83', '-200', '1849'],
  ],
  [
    'integers between',
    { type: 'integer', exclusiveMinimum: 1, exclusiveMaximum: 3 },
    ['2'],
    ['1', '3', '22'],
  ],
  [
    'numbers',
    { type: 'number', minimum: 0.5, maximum: 12.25 },
    ['0.5', '0.51', '12.25', '12.2', '12', '11.999', '12.250', '1'],
    ['0.4', '0', '12.251', '12.3', '13', '-1', '1e0'],
  ],
  [
    'numbers beyond',
    { type: 'number', exclusiveMinimum: 0, maximum: 1 },
    ['0.5', '1.0', '0.000001'],
    ['0', '0.0', '1.01'],
  ],
  [
    'numbers below 0',
    { type: 'number', maximum: -0.25 },
    ['-0.25', '-3', '-0.3'],
    ['0', '-0.2', '-0.249', '-0'],
  ],
  [
    'lists',
    { type: 'array', items: { type: 'integer' }, minItems: 2, maxItems: 3 },
    ['[1,2]', '[1, 2, 3]'],
    ['[1]', '[]', '[1,2,3,4]'],
  ],
  [
    'tuples',
    {
      prefixItems: [{ type: 'integer' }, { type: 'string' }],
      items: { type: 'null' },
      minItems: 1,
      maxItems: 3,
    },
    ['[1]', '[1,"a"]', '[1,"a",null]'],
    ['[]', '["a"]', '[1,"a",2]', '[1,"a",null,null]'],
  ],
  ['closed tuples', { prefixItems: [{ type: 'integer' }], items: false }, ['[]', '[1]'], ['[1,2]', '["a"]']],
  [
    'a schema that refers to itself',
    list,
    ['{"next":null}', '{"next":{"next":null}}'],
    ['{}', '{"next":{}}'],
  ],
  [
    'references',
    { $defs: { 'a/b': { const: 1 } }, type: 'array', items: { $ref: '#/$defs/a~1b' } },
    ['[1,1]'],
    ['[2]'],
  ],
  [
    'lengths in characters',
    { type: 'string', minLength: 2, maxLength: 3 },
    ['"ab"', '"\\n\\u00e9"', '"😀\\ud83d\\ude00"'],
    ['"a"', '"abcd"', '"😀"'],
  ],
  ['long lengths', { type: 'string', minLength: 200 }, [`"${'a'.repeat(200)}"`], [`"${'a'.repeat(199)}"`]],
  [
    'values as they are',
    { enum: ['xba', 'xa', 3, { k: [null] }] },
    ['"xa"', '3', '{"k":[null]}'],
    ['"xbba"', '"x"', '33'],
  ],
  ['values of a type', { type: 'string', enum: ['a', 1, null] }, ['"a"'], ['1', 'null']],
  ['types', { type: ['string', 'null'], maxLength: 1 }, ['null', '""'], ['"ab"', '1']],
  ['alternatives', { anyOf: [{ type: 'integer' }, { type: 'number', maximum: 0 }] }, ['3', '-0.5'], ['0.5']],
  [
    'one of objects that a property tells apart',
    {
      oneOf: ['a', 'b'].map((kind) => ({
        ...closed,
        properties: { kind: { const: kind } },
        required: ['kind'],
      })),
    },
    ['{"kind":"a"}', '{"kind":"b"}'],
    ['{"kind":"c"}', '{}'],
  ],
  ['dates', { type: 'string', format: 'date' }, ['"2024-02-28"'], ['"2024-02-30"', '"2024-13-01"']],
  [
    'times',
    { type: 'string', format: 'date-time' },
    ['"2024-02-28T23:59:00.5+02:00"'],
    ['"2024-02-28"', '"2024-02-28T24:00:00Z"'],
  ],
  ['uuids', { format: 'uuid' }, ['"123e4567-e89b-12d3-a456-426614174000"'], ['"x"']],
  ['addresses', { format: 'ipv4' }, ['"1.20.3.255"'], ['"1.2.3.256"', '"1.2.3"']],
  ['mail', { format: 'email' }, ['"a.b@c.de"'], ['"a@b"', '".a@b.c"']],
];

describe('G3 documents are held to', () => {
  it.each(CASES)('%s', async (_, schema, yes, no) => {
    const accepts = await recognizer.compile(grammarOf(schemaConstraint(schema, MODEL), MODEL));
    expect(yes.filter((text) => !accepts(text))).toEqual([]);
    expect(no.filter((text) => accepts(text))).toEqual([]);
  });
});

it('G1 an object of any kind', async () => {
  const accepts = await recognizer.compile(grammarOf({ kind: 'json_object' }, MODEL));
  expect(['{}', '{"a":[{}]}'].every(accepts)).toBe(true);
  expect(['[]', '1', '{"a":}', ''].some(accepts)).toBe(false);
});
