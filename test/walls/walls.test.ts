/**
 * Proves that the walls between the layers stand. Each file under `fixtures/` takes the place of a file of its layer
 * and breaks every rule that the layer has. A comment after a line names who must refuse it and with what words
 * (`types:` the compiler, `lint:` the linter); a line without one must pass. All of them are read in one compilation
 * and one lint run, with the project's own configuration, in a copy of the tree that holds nothing else.
 */
import { execFile } from 'node:child_process';
import { cp, glob, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '..', '..');
const fixtures = join(import.meta.dirname, 'fixtures');

interface Finding {
  readonly file: string;
  readonly line: number;
  readonly by: 'types' | 'lint';
  readonly text: string;
}

const files = (await readdir(fixtures, { recursive: true }))
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => file.endsWith('.ts'))
  .sort();
let tree: string;
let findings: readonly Finding[];

beforeAll(async () => {
  tree = await mkdtemp(join(tmpdir(), 'walls-'));
  await plantTree(tree);
  findings = (await Promise.all([compile(tree), lint(tree)])).flat();
}, 60_000);

afterAll(() => rm(tree, { recursive: true }));

describe.each(files)('%s', (file) => {
  test('refuses what the layer may not know, and nothing else', async () => {
    const expected = markersIn(file, await readFile(join(fixtures, file), 'utf8'));
    const found = findings.filter((finding) => finding.file === file);
    expect(expected).not.toEqual([]);
    expect(
      expected.filter((marker) => !found.some((f) => sameSpot(f, marker) && f.text.includes(marker.text))),
      'let through',
    ).toEqual([]);
    expect(
      found.filter((finding) => !expected.some((marker) => sameSpot(marker, finding))),
      'refused without need',
    ).toEqual([]);
  });

  test('passes without the marked lines', () => {
    expect(findings.filter((finding) => finding.file === rightTwin(file))).toEqual([]);
  });
});

const { references } = JSON.parse(await readFile(join(root, 'tsconfig.json'), 'utf8')) as {
  references: { path: string }[];
};
const layers = references.map(({ path }) => path).filter((path) => !/^(bench|test)/.test(path));

test('every layer has a fixture', () => {
  expect(layers.filter((layer) => !files.includes(`${layer}/wrong.ts`))).toEqual([]);
});

test.each(layers)('no package brings the globals of another environment into %s', async (layer) => {
  const program = await run(root, 'typescript/bin/tsc', ['-p', layer, '--listFilesOnly']);
  const brought = Object.entries(environments).filter(([, file]) => program.includes(file));
  expect(brought.map(([name]) => name).filter((name) => !worldOf(layer).includes(name))).toEqual([]);
});

/** The file by which each environment's globals enter a program. */
const environments = {
  page: '/lib.dom.d.ts',
  worker: '/lib.webworker.d.ts',
  node: '/@types/node/index.d.ts',
};

function worldOf(layer: string): readonly string[] {
  if (layer === 'scripts') return ['node', 'page']; // functions that run in a page are written there
  if (layer === 'src/app') return ['page'];
  if (layer === 'src/relay/node' || layer === 'src/cli') return ['node'];
  return ['src/engine', 'src/provider', 'workers'].includes(layer) ? ['worker'] : [];
}

/** The project's configuration, one file in each layer to import, and each fixture with its harmless twin. */
async function plantTree(into: string): Promise<void> {
  await symlink(join(root, 'node_modules'), join(into, 'node_modules'), 'junction');
  const configuration = [
    '{src,workers,scripts,bench,test}/**/tsconfig.json',
    'src/**/*.d.ts',
    'tsconfig*.json',
  ];
  for await (const file of glob([...configuration, '.oxlintrc.json'], { cwd: root })) {
    await cp(join(root, file), join(into, file), { recursive: true });
    if (file.endsWith('tsconfig.json'))
      await write(join(into, dirname(file), 'noun.ts'), 'export const noun = 1;\n');
  }
  for (const inner of ['onnx', 'webllm']) {
    await write(join(into, 'src', 'engine', inner, 'noun.ts'), 'export const noun = 1;\n');
  }
  for (const file of files) {
    const text = await readFile(join(fixtures, file), 'utf8');
    await write(join(into, file), text);
    await write(join(into, rightTwin(file)), text.replaceAll(/^.* \/\/ (types|lint): .*$/gm, ''));
  }
}

async function write(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
}

function rightTwin(file: string): string {
  return file.replace(/([^/]+)\.ts$/, 'right-$1.ts');
}

function sameSpot(a: Finding, b: Finding): boolean {
  return a.file === b.file && a.line === b.line && a.by === b.by;
}

function markersIn(file: string, text: string): Finding[] {
  return text.split('\n').flatMap((code, index) => {
    const [, marks] = /\/\/ ((?:types|lint): .*)$/.exec(code) ?? [];
    return (marks?.split('; ') ?? []).map((mark): Finding => {
      const by = mark.startsWith('types: ') ? 'types' : 'lint';
      return { file, line: index + 1, by, text: mark.slice(by.length + 2) };
    });
  });
}

async function compile(folder: string): Promise<Finding[]> {
  // One project at a time: built side by side, a project may read what another, wrongly imported, has half written.
  const output = await run(folder, 'typescript/bin/tsc', ['-b', '--singleThreaded', '--pretty', 'false']);
  return [...output.matchAll(/^([^\s(]+)\((\d+),\d+\): error (TS.*)$/gm)].map(
    ([, file = '', line, text = '']): Finding => ({ file, line: Number(line), by: 'types', text }),
  );
}

async function lint(folder: string): Promise<Finding[]> {
  const output = await run(folder, 'oxlint/bin/oxlint', ['--format=json', 'src', 'workers', 'scripts']);
  const { diagnostics } = JSON.parse(output) as {
    diagnostics: { filename: string; message: string; help?: string; labels: { span: { line: number } }[] }[];
  };
  return diagnostics.map(({ filename, message, help, labels }): Finding => ({
    file: filename.replaceAll('\\', '/'),
    line: labels[0]?.span.line ?? 0,
    by: 'lint',
    text: `${message} ${help ?? ''}`,
  }));
}

/** Standard output; that the program ends with an error is what is wanted of it. */
async function run(folder: string, program: string, parameters: readonly string[]): Promise<string> {
  const path = join(root, 'node_modules', program);
  return new Promise((resolve) => {
    const options = { cwd: folder, maxBuffer: 64 * 2 ** 20 };
    execFile(process.execPath, [path, ...parameters], options, (_error, stdout) => resolve(stdout));
  });
}
