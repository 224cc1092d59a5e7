import { afterAll, beforeAll, expect, it } from 'vitest';
import type { OnnxEngine } from '../../src/engine/onnx/onnx-engine.ts';
import type { Constraint } from '../../src/protocol/wire/decode-spec.ts';
import { callsConstraint, schemaConstraint } from '../../src/text/grammar/constraint.ts';
import { createTestEngine } from './bundled-model.ts';
import { answer, createTestConstraints, MODEL, tokenizer } from './constrained-run.ts';

let engine: OnnxEngine;
beforeAll(async () => {
  engine = await createTestEngine({ slots: 4, createConstraint: createTestConstraints() });
});
afterAll(() => engine.close());

const person = schemaConstraint(
  {
    type: 'object',
    properties: {
      name: { type: 'string', maxLength: 20 },
      born: { type: 'string', format: 'date' },
      tall: { type: 'boolean' },
    },
    required: ['name', 'born', 'tall'],
    additionalProperties: false,
  },
  MODEL,
  true,
);
const one = schemaConstraint({ const: { a: [1, 'é'] } }, MODEL);
const unknown: Constraint = { kind: 'structural_tag', tag: '{}' };

it('G6 ends an answer with `stop` as soon as nothing may follow', async () => {
  const { text, end, ids } = await answer(engine, one);
  expect(text).toBe('{"a":[1,"é"]}');
  expect(end).toBe('stop');
  expect(ids).not.toContain(0);
  expect((await answer(engine, one, { maxTokens: ids.length })).end).toBe('stop');
  expect((await answer(engine, one, { maxTokens: ids.length - 1 })).end).toBe('length');
});

it('G6 goes on from earlier output as if nothing had happened', async () => {
  const whole = await answer(engine, person, { seed: 7 });
  expect(Object.keys(JSON.parse(whole.text) as object)).toEqual(['name', 'born', 'tall']);
  for (let at = 0; at < whole.ids.length; at += 9) {
    const rest = await answer(engine, person, { seed: 7, prior: whole.ids.slice(0, at) });
    expect(rest).toEqual({ ...whole, ids: whole.ids.slice(at) });
  }
  const nothing = await answer(engine, person, { prior: whole.ids });
  expect(nothing).toMatchObject({ ids: [], end: 'stop' });
});

it('G6 ends only the stream whose grammar fails', async () => {
  const others = [1, 2].map((seed) => answer(engine, person, { seed }));
  const failed = [answer(engine, unknown), answer(engine, person, { prior: tokenizer.encode('x') })];
  await expect(failed[0]).rejects.toMatchObject({ code: 'constraint_unsupported' });
  await expect(failed[1]).rejects.toMatchObject({ code: 'grammar_failed' });
  for (const other of others) expect((await other).end).toBe('stop');
});

it('G2 decodes constrained and free streams together, each as it would alone', async () => {
  const run = (seed: number): ReturnType<typeof answer> => answer(engine, seed % 2 ? person : one, { seed });
  const seeds = [1, 2, 3, 4, 5, 6];
  const together = await Promise.all(seeds.map(run));
  for (const [i, seed] of seeds.entries()) expect(await run(seed)).toEqual(together[i]);
});

it('G1 answers with calls of functions where it must', async () => {
  const tools = [
    {
      name: 'say',
      parameters: { type: 'object', properties: { loud: { type: 'boolean' } }, required: ['loud'] },
    },
  ];
  const constraint = callsConstraint(tools, { required: true, parallel: false }, MODEL);
  const { text, end } = await answer(engine, constraint);
  expect(end).toBe('stop');
  expect(text).toMatch(
    /^<tool_call>\n\{"name": "say", "arguments": \{"loud": ?(true|false)\}\}\n<\/tool_call>$/,
  );
});

it('G1 answers with text or calls where it may', async () => {
  const constraint = callsConstraint([{ name: 'now' }], { required: false, parallel: true }, MODEL);
  const { text, end } = await answer(engine, constraint, { maxTokens: 30 });
  expect(end).toBe('length');
  expect(text.length).toBeGreaterThan(20);
});
