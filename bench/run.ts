/**
 * `npm run bench -- NAME [--json] [--name=value …]`: the one door to all benchmarks. A benchmark is a file
 * `bench/NAME.bench.ts` that exports `benchmark`. People get a table; `--json` puts one JSON object on the last line,
 * with the machine and the day.
 */
import { readdir } from 'node:fs/promises';
import { arch, cpus } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describeOptions, type OptionValues, readOptions } from './bench-options.ts';
import type { Benchmark } from './benchmark.ts';
import { formatTable } from './table.ts';

const suffix = '.bench.ts';

const words = process.argv.slice(2);
const name = words.find((word) => !word.startsWith('-'));
const benchmarks = await loadBenchmarks();

if (name === undefined || words.includes('--help') || words.includes('-h')) {
  console.log('npm run bench -- NAME [--json] [--name=value …]\n');
  const rows = [...benchmarks.values()].map(({ name: called, description, options = {} }) => ({
    name: called,
    description,
    options: describeOptions(options),
  }));
  console.log(formatTable(rows));
} else {
  const benchmark = benchmarks.get(name);
  if (!benchmark)
    stop(`There is no benchmark "${name}": there are ${[...benchmarks.keys()].join(', ') || 'none yet'}.`);
  await runBenchmark(benchmark, optionsOf(benchmark, words.toSpliced(words.indexOf(name), 1)));
}

function optionsOf({ options = {} }: Benchmark, given: readonly string[]): OptionValues {
  try {
    return readOptions(given, { json: 'flag', ...options });
  } catch (error) {
    return stop((error as Error).message);
  }
}

function stop(words: string): never {
  console.error(words);
  process.exit(2);
}

async function runBenchmark(benchmark: Benchmark, options: OptionValues): Promise<void> {
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'])
    process.on(signal, () => stopping.abort(new Error(`Stopped by ${signal}.`)));
  const { table, json } = await benchmark.run({
    options,
    signal: stopping.signal,
    tell: (line) => console.error(line),
  });
  console.log(formatTable(table));
  if (options['json']) console.log(JSON.stringify({ ...whereAndWhen(), ...json }));
}

function whereAndWhen(): { machine: string; date: string } {
  const processors = cpus();
  const node = process.versions.node.split('.')[0];
  return {
    machine: `${processors.length} × ${processors[0]?.model.trim() ?? 'a processor'}, ${process.platform} ${arch()}, Node ${node}`,
    date: new Date().toISOString().slice(0, 10),
  };
}

async function loadBenchmarks(): Promise<Map<string, Benchmark>> {
  const files = (await readdir(import.meta.dirname)).filter((file) => file.endsWith(suffix)).sort();
  const modules = await Promise.all(
    files.map(async (file) => {
      const module = (await import(pathToFileURL(join(import.meta.dirname, file)).href)) as {
        benchmark: Benchmark;
      };
      return module.benchmark;
    }),
  );
  return new Map(modules.map((benchmark) => [benchmark.name, benchmark]));
}
