import { expect, it, vi } from 'vitest';
import { createConstraintFactory } from '../../../../src/engine/grammar/constraint-factory.ts';
import type { TokenConstraint } from '../../../../src/engine/grammar/token-constraint.ts';
import type { Constraint } from '../../../../src/protocol/wire/decode-spec.ts';
import { createTestConstraints, MODEL, STOP_IDS, tokenizer } from '../../../contract/constrained-run.ts';
import { openGrammarLibrary } from '../../../contract/grammar-library.ts';

const create = createTestConstraints();
const schema = (value: object): Constraint => ({ kind: 'json_schema', schema: JSON.stringify(value) });
const open = async (constraint: Constraint, prior: readonly number[] = []): Promise<TokenConstraint> =>
  create(constraint, prior);

function allowed(constraint: TokenConstraint, ids = MODEL.vocab): number[] {
  const mask = constraint.mask();
  return Array.from({ length: ids }, (_, id) => id).filter((id) => (mask[id >>> 5]! >>> (id & 31)) & 1);
}

const names = schema({
  type: 'object',
  properties: {
    name: { type: 'string', maxLength: 6 },
    ages: { type: 'array', items: { type: 'integer', maximum: 12 } },
  },
  required: ['name'],
});

it.each(['', '{"name":"lordl', '{"name":"x","ages":[1', '{"name":"x"}'])(
  'G6 the mask has a bit exactly for each id that the grammar accepts, after %j',
  async (text) => {
    const prior = tokenizer.encode(text);
    const constraint = await open(names, prior);
    const masked = allowed(constraint).filter((id) => !STOP_IDS.includes(id));
    const near = masked.slice(0, 200).flatMap((id) => [id - 1, id, id + 1]);
    const spread = Array.from({ length: MODEL.vocab / 8 }, (_, i) => i * 8 + (i % 8));
    for (const id of new Set([...near, ...spread])) {
      if (STOP_IDS.includes(id) || id < 0 || id >= MODEL.vocab) continue;
      const next = await open(names, [...prior, id]).catch(() => undefined);
      expect([id, masked.includes(id)]).toEqual([id, next !== undefined]);
      next?.close?.();
    }
    const whole = text.endsWith('}');
    expect(allowed(constraint).includes(0)).toBe(whole);
    expect(constraint.done).toBe(whole);
  },
  20_000,
);

it('G6 nothing is allowed beyond the vocabulary, nor a special token', async () => {
  const constraint = await create(schema({ type: 'string' }), tokenizer.encode('"a'));
  expect(allowed(constraint, constraint.mask().length * 32).filter((id) => id >= MODEL.vocab)).toEqual([]);
  expect(allowed(constraint)).not.toContain(0);
});

it('G6 a stop id may come where an answer may end, though it could go on', async () => {
  const constraint = await open(schema({ type: 'integer' }));
  expect(allowed(constraint)).not.toContain(0);
  await constraint.accept(tokenizer.encode('1')[0]!);
  expect(allowed(constraint)).toContain(0);
  expect(constraint.done).toBe(false);
});

it('G6 a token that the grammar does not allow is an error, and so is earlier output', async () => {
  const constraint = await open({ kind: 'json_object' });
  const failed = expect.objectContaining({ code: 'grammar_failed' }) as Error;
  await expect(constraint.accept(tokenizer.encode('x')[0]!)).rejects.toEqual(failed);
  await expect(open({ kind: 'json_object' }, tokenizer.encode('no'))).rejects.toEqual(failed);
  await expect(open({ kind: 'json_object' }, [0])).rejects.toEqual(failed);
});

it('compiles a grammar once for all streams that share it, and frees what streams held', async () => {
  const library = openGrammarLibrary();
  const compiled = vi.spyOn(library.GrammarCompiler.prototype, 'compileGrammar');
  const freed = vi.spyOn(library.GrammarMatcher.prototype, 'dispose');
  const load = vi.fn<() => Promise<typeof library>>(async () => library);
  const make = createConstraintFactory({
    load,
    tokenizer: tokenizerFile(),
    ...MODEL,
    stopIds: [...STOP_IDS],
  });
  expect(load).not.toHaveBeenCalled();
  const streams = await Promise.all(Array.from({ length: 5 }, async () => make(names, [])));
  for (const stream of streams) stream.close?.();
  expect(load).toHaveBeenCalledOnce();
  expect(compiled).toHaveBeenCalledOnce();
  expect(freed).toHaveBeenCalledTimes(5);
});

it('forgets the grammar that was asked for longest ago, and its streams go on', async () => {
  const first = await open(names);
  for (let i = 0; i < 20; i++) (await open(schema({ const: i }))).close?.();
  for (const id of tokenizer.encode('{"name":"x"}')) await first.accept(id);
  expect(first.done).toBe(true);
});

it('says that a grammar can’t be used where the library can’t be loaded, without its words', async () => {
  const load = async (): Promise<never> => Promise.reject(new Error('secret'));
  const make = createConstraintFactory({ load, tokenizer: tokenizerFile(), ...MODEL, stopIds: [] });
  await expect(make(names, [])).rejects.toMatchObject({
    code: 'grammar_failed',
    data: { kind: 'json_schema' },
  });
});

function tokenizerFile(): object {
  return { model: { vocab: { a: 1 } }, decoder: { type: 'ByteLevel' } };
}
