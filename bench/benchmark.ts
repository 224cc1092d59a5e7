import type { OptionRules, OptionValues } from './bench-options.ts';
import type { Row } from './table.ts';

/** What each `bench/NAME.bench.ts` exports under the name `benchmark`. */
export interface Benchmark {
  readonly name: string;
  /** One line for the list of benchmarks. */
  readonly description: string;
  /** What it may be asked for, beside `--json`; nothing else reaches `run`. */
  readonly options?: OptionRules;
  run(context: BenchmarkContext): Promise<BenchmarkResult>;
}

export interface BenchmarkContext {
  /** What stood on the command line as `--name=value` or `--name`, as its rule has it. */
  readonly options: OptionValues;
  readonly signal: AbortSignal;
  /** Says how far it is, beside the result (on standard error). */
  readonly tell: (line: string) => void;
}

export interface BenchmarkResult {
  /** For people: one row for each line of the table. */
  readonly table: readonly Row[];
  /** For programs. */
  readonly json: Readonly<Record<string, unknown>>;
}
