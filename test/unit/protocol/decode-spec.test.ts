import { describe, expect, it } from 'vitest';
import {
  type DecodeSpec,
  decodeSpecHash,
  decodeSpecSchema,
  plainSpec,
} from '../../../src/protocol/wire/decode-spec.ts';

const full: DecodeSpec = {
  version: 2,
  temperature: 0.7,
  topP: 0.95,
  topK: 40,
  minP: 0.05,
  frequencyPenalty: -0.5,
  presencePenalty: 2,
  logitBias: [
    [0, -100],
    [7, 3.5],
  ],
  constraint: { kind: 'json_schema', schema: '{}' },
};

describe('S2 a decode spec', () => {
  it('passes whole', () => {
    expect(decodeSpecSchema.parse(full)).toEqual(full);
    expect(decodeSpecSchema.parse(plainSpec(0))).toEqual(plainSpec(0));
  });

  it.each<[string, Partial<Record<keyof DecodeSpec, unknown>>]>([
    ['of version 1', { version: 1 }],
    ['too hot', { temperature: 2.1 }],
    ['without mass', { topP: 0 }],
    ['with half an id', { topK: 1.5 }],
    ['with a minimum above 1', { minP: 1.1 }],
    ['with a penalty that is no number', { frequencyPenalty: Number.NaN }],
    ['with a great penalty', { presencePenalty: -2.5 }],
    ['with a great bias', { logitBias: [[1, 101]] }],
    [
      'with ids out of order',
      {
        logitBias: [
          [2, 1],
          [1, 1],
        ],
      },
    ],
    [
      'with an id twice',
      {
        logitBias: [
          [2, 1],
          [2, 1],
        ],
      },
    ],
    ['with a bias of too many', { logitBias: Array.from({ length: 1025 }, (_, i) => [i, 1]) }],
    ['with an unknown constraint', { constraint: { kind: 'regex', regex: 'a' } }],
    ['with a long schema', { constraint: { kind: 'json_schema', schema: ' '.repeat(32769) } }],
  ])('is refused %s', (_, change) => {
    expect(decodeSpecSchema.safeParse({ ...full, ...change }).success).toBe(false);
  });

  it('has a hash that each control changes, whatever the order of keys', () => {
    const reversed = Object.fromEntries(Object.entries(full).reverse()) as DecodeSpec;
    expect(decodeSpecHash(reversed)).toBe(decodeSpecHash(full));
    const { constraint: _, ...free } = full;
    const specs: DecodeSpec[] = [free, ...Object.keys(free).map((key) => ({ ...full, ...only(key) }))];
    expect(new Set(specs.map(decodeSpecHash)).size).toBe(specs.length);
  });
});

/** One control as it is where it is off. */
function only(key: string): Partial<DecodeSpec> {
  const off = { ...plainSpec(0), version: 3 } as Record<string, unknown>;
  return { [key]: off[key] };
}
