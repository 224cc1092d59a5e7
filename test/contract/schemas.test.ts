import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { OnnxEngine } from '../../src/engine/onnx/onnx-engine.ts';
import { grammarOf, schemaConstraint } from '../../src/text/grammar/constraint.ts';
import { createTestEngine } from './bundled-model.ts';
import { answer, createTestConstraints, MODEL } from './constrained-run.ts';
import { findFault } from './document-check.ts';
import { openRecognizer, type Recognizer } from './recognizer.ts';
import { schemaArbitrary } from './schema-arbitrary.ts';

/** `SCHEMAS=1000` runs a thousand: a minute or two. */
const COUNT = Number(process.env['SCHEMAS'] ?? 100);
const SEED = Number(process.env['SCHEMAS_SEED'] ?? 20261126);
const TOGETHER = 8;
/** Changed documents for each right one. */
const CHANGES = 12;

interface Run {
  readonly number: number;
  readonly schema: object;
  readonly text: string;
}

let engine: OnnxEngine;
let recognizer: Recognizer;
const whole: Run[] = [];

beforeAll(async () => {
  engine = await createTestEngine({ slots: TOGETHER, createConstraint: createTestConstraints() });
  recognizer = await openRecognizer();
});
afterAll(() => engine.close());

it(`G2 ${COUNT} random schemas give documents that parse and validate`, { timeout: 600_000 }, async () => {
  const schemas = fc.sample(schemaArbitrary, { numRuns: COUNT, seed: SEED });
  let [cut, tokens, next] = [0, 0, 0];
  await Promise.all(
    Array.from({ length: TOGETHER }, async () => {
      while (next < schemas.length) {
        const number = next++;
        const schema = schemas[number]!;
        const { text, end, ids } = await answer(engine, schemaConstraint(schema, MODEL), { seed: number });
        tokens += ids.length;
        if (end === 'length') cut++;
        else whole.push({ number, schema, text });
      }
    }),
  );
  console.log(`${COUNT} schemas: ${whole.length} documents, ${cut} cut at the limit, ${tokens} tokens`);
  expect(whole.flatMap((run) => faultOf(run) ?? [])).toEqual([]);
  // A length stop is no document, and is reported as one; most must be whole for this test to mean anything.
  expect(cut).toBeLessThan(COUNT / 10);
});

/** What the model wrote is little of what it might have written: its documents, changed, must be refused or be valid. */
it('G2 what a grammar accepts is valid', { timeout: 600_000 }, async () => {
  const faults: object[] = [];
  let accepted = 0;
  for (const { number, schema, text } of whole) {
    const accepts = await recognizer.compile(grammarOf(schemaConstraint(schema, MODEL), MODEL));
    if (!accepts(text)) faults.push({ number, text, fault: 'was written, and is not accepted' });
    for (const changed of fc.sample(changesOf(text), { numRuns: CHANGES, seed: SEED + number })) {
      if (!accepts(changed)) continue;
      accepted++;
      faults.push(...(faultOf({ number, schema, text: changed }) ?? []));
    }
  }
  console.log(`${accepted} of ${whole.length * CHANGES} changed documents accepted`);
  expect(faults).toEqual([]);
  expect(accepted).toBeGreaterThan(COUNT / 10);
});

function faultOf({ number, schema, text }: Run): [object] | undefined {
  const fault = findFault(text, schema);
  return fault === undefined ? undefined : [{ number, fault, text, schema: JSON.stringify(schema) }];
}

/** A piece left out, said twice, or put in. */
function changesOf(text: string): fc.Arbitrary<string> {
  const chars = Array.from(text);
  return fc
    .record({
      from: fc.nat(chars.length),
      length: fc.nat(3),
      instead: fc.oneof(
        fc.constantFrom(
          '',
          '0',
          '1',
          '9',
          '-',
          '.',
          '"',
          'a',
          ' ',
          ',',
          '\\u00e9',
          '\\ud83d',
          '😀',
          'null',
          '{}',
          '[]',
        ),
        fc.nat(chars.length).map((at) => chars.slice(at, at + 4).join('')),
      ),
    })
    .map(({ from, length, instead }) =>
      [...chars.slice(0, from), instead, ...chars.slice(from + length)].join(''),
    );
}
