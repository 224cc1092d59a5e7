import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '..', '..', '..');

/** The names of tests in one file: of `it('…'`, `describe('…'`, and of `it.each(…)('…'`; in Solidity, of the functions. */
function namesIn(text: string): string[] {
  const vitest = /(?:\b(?:it|test|describe)(?:\.(?:concurrent|skipIf\([^)\n]*\)))*|\))\(\s*(['"`])(.*?)\1/gs;
  const forge = /\bfunction ((?:test|invariant)\w*)/g;
  return [
    ...[...text.matchAll(vitest)].map(([, , name = '']) => name),
    ...[...text.matchAll(forge)].map(([, name = '']) => name.replaceAll('_', ' ')),
  ];
}

it('each rule of docs/spec.md stands in the name of a test that shows it', async () => {
  const spec = await readFile(join(root, 'docs', 'spec.md'), 'utf8');
  const rules = [...spec.matchAll(/^- \*\*([A-Z]\d+)\*\* /gm)].map(([, rule = '']) => rule);
  expect(rules.length).toBeGreaterThan(100);
  const numbers = new Set<string>();
  // A suite that several tests run lies in a file of its own.
  for await (const file of glob(['contracts/test/**/*.t.sol', 'test/**/*.ts'], { cwd: root }))
    for (const name of namesIn(await readFile(join(root, file), 'utf8')))
      for (const [number] of name.matchAll(/\b[A-Z]\d{1,2}\b/g)) numbers.add(number);
  expect(rules.filter((rule) => !numbers.has(rule))).toEqual([]);
});
