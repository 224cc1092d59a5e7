import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { expect, it } from 'vitest';
import { readOptions } from '../../../bench/bench-options.ts';
import type { Benchmark } from '../../../bench/benchmark.ts';
import { createProgram } from '../../../src/cli/afterglow.ts';

const root = join(import.meta.dirname, '..', '..', '..');

/** What the documents have behind `npm run NAME --`, up to the end of the line or of the code. */
async function documented(name: string): Promise<string[]> {
  const found: string[] = [];
  for await (const file of glob(['*.md', 'docs/**/*.md'], { cwd: root })) {
    const text = await readFile(join(root, file), 'utf8');
    found.push(
      ...text.matchAll(new RegExp(`npm run ${name} -- ([^\`#\\n]+)`, 'g')).map(([, words = '']) => words),
    );
  }
  return found.map((words) => words.trim());
}

/** What is wrong with a command line, its values left aside: they are placeholders. */
function faultsOf(words: readonly string[]): string[] {
  let command: Command = createProgram();
  for (const word of words) command = command.commands.find((one) => one.name() === word) ?? command;
  const given = words.filter((word) => word.startsWith('--'));
  const known = new Map(command.options.map((option) => [option.long ?? '', option]));
  return [
    ...given.filter((flag) => !known.has(flag) && flag !== '--help').map((flag) => `${flag} is unknown`),
    ...[...known.values()]
      .filter(({ long, mandatory }) => mandatory && !given.includes(long ?? ''))
      .map(({ long }) => `${long} is missing`),
  ];
}

it('each afterglow command of the documents is one', async () => {
  const lines = await documented('afterglow');
  expect(lines.length).toBeGreaterThan(10);
  const wrong = lines.map((line) => ({ line, faults: faultsOf(line.split(/\s+/)) }));
  expect(wrong.filter(({ faults }) => faults.length > 0)).toEqual([]);
  // By the relay's name the channel's file is found; the default is a relay of this machine.
  const leaving = lines.filter((line) => line.startsWith('channel leave'));
  expect(leaving.length).toBeGreaterThan(0);
  for (const line of leaving) expect(line).toContain('--relay URL');
});

it('each benchmark of the documents is one, and takes its options', async () => {
  const lines = (await documented('bench')).filter((line) => /^[a-z]/.test(line));
  expect(lines.length).toBeGreaterThan(5);
  for (const line of lines) {
    const [name = '', ...words] = line.split(/\s+/);
    const { benchmark } = (await import(join(root, 'bench', `${name}.bench.ts`))) as { benchmark: Benchmark };
    expect(() => readOptions(words, { json: 'flag', ...benchmark.options }), line).not.toThrow();
  }
});
