/**
 * `npm run bench -- NAME [--json] [options of that benchmark]`: the one door to all benchmarks. A benchmark is a file
 * `bench/NAME.bench.ts` that exports `benchmark`. People get a table; `--json` puts one JSON object on the last line.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import type { Benchmark } from './benchmark.ts';
import { formatTable } from './table.ts';

const suffix = '.bench.ts';

const { values, positionals } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
  allowPositionals: true,
  strict: false,
});
const [name] = positionals;
const benchmarks = await loadBenchmarks();

if (values.help || name === undefined) {
  console.log('npm run bench -- NAME [--json]\n');
  console.log(formatTable([...benchmarks.values()].map(({ name, description }) => ({ name, description }))));
} else {
  const benchmark = benchmarks.get(name);
  if (!benchmark) {
    console.error(
      `There is no benchmark "${name}": there are ${[...benchmarks.keys()].join(', ') || 'none yet'}.`,
    );
    process.exit(2);
  }
  await runBenchmark(benchmark);
}

async function runBenchmark(benchmark: Benchmark): Promise<void> {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'])
    process.on(signal, () => stop.abort(new Error(`Stopped by ${signal}.`)));
  const { table, json } = await benchmark.run({
    options: values as Record<string, string | boolean>,
    signal: stop.signal,
    tell: (line) => console.error(line),
  });
  console.log(formatTable(table));
  if (values.json) console.log(JSON.stringify(json));
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
