import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '..', '..', '..');

it('each test that docs/conformance.md names is there', async () => {
  const page = await readFile(join(root, 'docs', 'conformance.md'), 'utf8');
  const named = page
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .flatMap((line) =>
      [...(line.split('|').at(-2) ?? '').matchAll(/`([^`]+)`/g)].map(([, name = '']) => name),
    );
  expect(named.length).toBeGreaterThan(40);
  let tests = '';
  for await (const file of glob(['contracts/test/**/*.t.sol', 'test/**/*.test.ts'], { cwd: root }))
    tests += await readFile(join(root, file), 'utf8');
  expect(named.filter((name) => !tests.includes(name))).toEqual([]);
});
