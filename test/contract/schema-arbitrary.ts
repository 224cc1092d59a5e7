/** Random JSON schemas, of all that documents can be held to. */
import * as fc from 'fast-check';

type Schema = Readonly<Record<string, unknown>>;

const DEFINITIONS = ['node', 'a b/c~d', 'Größe'];

const name = fc.oneof(
  fc.constantFrom('id', 'name', 'Straße', '名前', 'a"b\\c', '😀', 'tags', ''),
  fc.string({ minLength: 1, maxLength: 6, unit: 'grapheme' }).filter((text) => text !== '__proto__'),
);

const word = fc.string({ maxLength: 8, unit: 'grapheme' });

const integer = fc
  .record({ minimum: fc.integer({ min: -2000, max: 50 }), span: fc.nat(3000) })
  .chain(({ minimum, span }) =>
    fc.subarray([
      ['minimum', minimum],
      ['maximum', minimum + span],
      ['exclusiveMinimum', minimum - 1],
      ['exclusiveMaximum', minimum + span + 1],
    ] as const),
  )
  .map((bounds): Schema => ({ type: 'integer', ...Object.fromEntries(bounds) }));

const number = fc
  .record({ low: fc.integer({ min: -5000, max: 5000 }), span: fc.integer({ min: 1, max: 4000 }) })
  .chain(({ low, span }) =>
    fc.subarray([
      ['minimum', low / 100],
      ['exclusiveMaximum', (low + span) / 100],
    ] as const),
  )
  .map((bounds): Schema => ({ type: 'number', ...Object.fromEntries(bounds) }));

const string = fc.oneof(
  fc.constant({ type: 'string' }),
  fc
    .record({ minLength: fc.nat(4), more: fc.nat(12) })
    .map(({ minLength, more }): Schema => ({ type: 'string', minLength, maxLength: minLength + more })),
  fc
    .constantFrom('date', 'time', 'date-time', 'uuid', 'ipv4', 'email')
    .map((format): Schema => ({ type: 'string', format })),
);

const value = fc.oneof(
  word,
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.array(word, { maxLength: 2 }),
  fc.dictionary(name, fc.integer(), { maxKeys: 2 }),
);

const values = fc.oneof(
  fc.array(value, { minLength: 1, maxLength: 4 }).map((list): Schema => ({ enum: list })),
  fc.array(word, { minLength: 1, maxLength: 4 }).map((list): Schema => ({ type: 'string', enum: list })),
  value.map((one): Schema => ({ const: one })),
);

const scalar = fc.oneof(
  { weight: 3, arbitrary: string },
  { weight: 2, arbitrary: integer },
  { weight: 2, arbitrary: number },
  { weight: 2, arbitrary: values },
  fc.constantFrom<Schema>({ type: 'boolean' }, { type: 'null' }, { type: ['string', 'null'], maxLength: 5 }),
);

/** Schemas of at most this depth; some refer to definitions, where that can't go on for ever. */
function nested(depth: number): fc.Arbitrary<Schema> {
  if (depth === 0) return scalar;
  const inner = nested(depth - 1);
  const reference = fc.constantFrom(...DEFINITIONS).map((key): Schema => ({
    $ref: `#/$defs/${encodeURIComponent(key.replace('~', '~0').replace('/', '~1'))}`,
  }));
  const list = fc
    .record({ items: fc.oneof(inner, reference), maxItems: fc.nat(3) })
    .map((schema): Schema => ({ type: 'array', ...schema }));
  const someItems = fc
    .record({ items: inner, minItems: fc.nat(2), more: fc.nat(2) })
    .map(({ items, minItems, more }): Schema => ({
      type: 'array',
      items,
      minItems,
      maxItems: minItems + more,
    }));
  const tuple = fc
    .record({ prefixItems: fc.array(inner, { minLength: 1, maxLength: 3 }), rest: fc.boolean() })
    .map(({ prefixItems, rest }): Schema => {
      const bound = rest
        ? { items: { type: 'integer' }, maxItems: prefixItems.length + 1 }
        : { items: false };
      return { type: 'array', prefixItems, ...bound };
    });
  const object = fc
    .record({
      properties: fc.dictionary(name, inner, { maxKeys: 4 }),
      further: fc.oneof(fc.constantFrom(undefined, false), scalar),
      link: fc.oneof(fc.constant(undefined), reference),
      few: fc.boolean(),
    })
    .chain(({ properties, further, link, few }) =>
      fc.subarray(Object.keys(properties)).map((required): Schema => {
        const bound =
          few && !link && typeof further === 'object' && Object.keys(properties).length === 0
            ? { maxProperties: 2 }
            : {};
        return {
          type: 'object',
          // Never required: so that a definition can refer to itself.
          properties: link ? { ...properties, link } : properties,
          required,
          ...(further === undefined ? {} : { additionalProperties: further }),
          ...bound,
        };
      }),
    );
  const union = fc
    .array(inner, { minLength: 1, maxLength: 3 })
    .chain((anyOf) =>
      fc.constantFrom<Schema>({ anyOf }, { anyOf: [...anyOf, { type: 'null' }] }, { allOf: [anyOf[0]] }),
    );
  const marked = fc
    .array(fc.record({ properties: fc.dictionary(name, inner, { maxKeys: 2 }) }), {
      minLength: 2,
      maxLength: 3,
    })
    .map((branches): Schema => ({
      oneOf: branches.map(({ properties }, i) => ({
        type: 'object',
        properties: { ...properties, kind: { const: `kind ${i}` } },
        required: ['kind'],
      })),
    }));
  const either = fc.record({ items: inner }).map(({ items }): Schema => ({
    oneOf: [{ type: 'array', items, maxItems: 2 }, { type: 'string' }, { type: 'null' }],
  }));
  return fc.oneof(
    { weight: 4, arbitrary: object },
    { weight: 2, arbitrary: scalar },
    ...[list, someItems, tuple, union, marked, either].map((arbitrary) => ({ weight: 1, arbitrary })),
  );
}

/** Whole documents' schemas, with what they refer to. */
export const schemaArbitrary: fc.Arbitrary<Schema> = fc
  .record({ root: nested(3), defs: fc.tuple(...DEFINITIONS.map(() => nested(1))) })
  .map(({ root, defs }) => {
    const $defs = Object.fromEntries(DEFINITIONS.map((key, i) => [key, defs[i]]));
    // As it comes over the wire: plain objects.
    return JSON.parse(JSON.stringify({ ...root, title: 'a schema', $defs }));
  });
