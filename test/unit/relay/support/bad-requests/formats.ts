import type { BadRequest } from './bad-request.ts';

function schemaFormat(schema: object, strict = false): object {
  return { type: 'json_schema', json_schema: { name: 'a', strict, schema } };
}

export const BAD_FORMATS: BadRequest[] = [
  [
    'a format without a type',
    { response_format: {} },
    400,
    'missing_required_parameter',
    'response_format.type',
  ],
  ['an unknown format', { response_format: { type: 'yaml' } }, 400, 'invalid_value', 'response_format.type'],
  [
    'a schema format without one',
    { response_format: { type: 'json_schema' } },
    400,
    'missing_required_parameter',
    'response_format.json_schema',
  ],
  [
    'a schema without a name',
    { response_format: { type: 'json_schema', json_schema: { schema: {} } } },
    400,
    'missing_required_parameter',
    'response_format.json_schema.name',
  ],
  [
    'a schema with an odd name',
    { response_format: { type: 'json_schema', json_schema: { name: 'my schema', schema: {} } } },
    400,
    'invalid_value',
    'response_format.json_schema.name',
  ],
  [
    'a schema that is a list',
    { response_format: { type: 'json_schema', json_schema: { name: 'a', schema: [] } } },
    400,
    'invalid_type',
    'response_format.json_schema.schema',
  ],
  [
    'a huge schema',
    {
      response_format: {
        type: 'json_schema',
        json_schema: { name: 'a', schema: { type: 'string', const: 'x'.repeat(33_000) } },
      },
    },
    400,
    'schema_too_large',
    'response_format',
  ],
  [
    'a schema with what cannot be enforced',
    { response_format: schemaFormat({ type: 'array', uniqueItems: true }) },
    400,
    'schema_unsupported',
    'response_format',
  ],
  [
    'a schema that is none',
    { response_format: schemaFormat({ type: 'numbr' }) },
    400,
    'schema_invalid',
    'response_format',
  ],
  [
    'a strict schema that leaves something open',
    { response_format: schemaFormat({ type: 'object', properties: {} }, true) },
    400,
    'schema_not_strict',
    'response_format',
  ],
  [
    'a stop string beside a JSON format',
    { response_format: { type: 'json_object' }, stop: ['}'] },
    400,
    'unsupported_value',
    'stop',
  ],
];
