/** Forge on the project's contracts, and what its tests say. */
import { glob } from 'node:fs/promises';
import { join } from 'node:path';
import { nothing, type Tally } from './tally.ts';
import { root, runTool, type ToolResult } from './tool.ts';

/** One test's result in forge's JSON, as far as it is read here. */
interface ForgeResult {
  readonly status: 'Success' | 'Failure' | 'Skipped';
  readonly reason: string | null;
}

/** Results by test, by `file:contract`. */
type Suites = Readonly<Record<string, { readonly test_results: Readonly<Record<string, ForgeResult>> }>>;

export async function runForge(
  parameters: readonly string[],
  env: Record<string, string> = {},
): Promise<ToolResult> {
  return runTool('@foundry-rs/forge', [...parameters, '--root', root], {
    env: { TARGET_TOOL: 'forge', FOUNDRY_CONFIG: join(root, 'contracts', 'foundry.toml'), ...env },
  });
}

/** The contracts that are deployed. */
export const deployed = ['PaymentChannel', 'PayoutHub', 'TestDollar'] as const;

/**
 * Compiles what is deployed, and its syntax trees, into `contracts/out/release`.
 * @param anew also what forge believes to be compiled already
 * @throws Error with the compiler's words
 */
export async function buildRelease({ anew = false } = {}): Promise<void> {
  const sources = deployed.map((contract) => join(root, 'contracts', 'src', `${contract}.sol`));
  const parameters = ['build', '--ast', ...(anew ? ['--force'] : []), '--color', 'never', ...sources];
  const { code, output } = await runForge(parameters, { FOUNDRY_PROFILE: 'release' });
  if (code !== 0) throw new Error(`The contracts do not compile:\n${output}`);
}

interface TestSelection {
  readonly profile?: 'default' | 'deep';
  /** Test files, as a pattern from the project's root; all if missing. */
  readonly files?: string;
  /** What forge is told beside that. */
  readonly parameters?: readonly string[];
}

/** Runs forge tests on the bytecode that is deployed (`buildRelease` first) and tells of each that fails. */
export async function testContracts({
  profile = 'default',
  files = 'contracts/test/**/*.t.sol',
  parameters = [],
}: TestSelection = {}): Promise<Tally> {
  const selected = ['--match-path', files, ...parameters];
  let result = await runSuites(profile, selected);
  // Forge's cache has been seen to forget compiled suites, and then runs the others without a word.
  if (result.suites && (await missingFiles(result.suites, files)).length > 0) {
    result = await runSuites(profile, [...selected, '--force']);
  }
  const { suites, code, output } = result;
  if (!suites) {
    console.log(output.trimEnd());
    return { ...nothing, failed: 1 };
  }
  const missing = await missingFiles(suites, files);
  for (const file of missing) console.log(`✗ ${file}: its tests did not run`);
  const results = Object.entries(suites).flatMap(([suite, { test_results }]) =>
    Object.entries(test_results).map(([test, found]) => ({ name: `${suite} ${test}`, ...found })),
  );
  const failures = results.filter(({ status }) => status === 'Failure');
  for (const { name, reason } of failures) console.log(`✗ ${name}: ${reason ?? 'no reason given'}`);
  return {
    passed: results.filter(({ status }) => status === 'Success').length,
    failed: failures.length + missing.length || (code === 0 ? 0 : 1),
    skipped: results
      .filter(({ status }) => status === 'Skipped')
      .map(({ name, reason }) => ({ name, reason: reason ?? 'no reason given' })),
  };
}

async function runSuites(
  profile: string,
  parameters: readonly string[],
): Promise<ToolResult & { suites: Suites | undefined }> {
  const result = await runForge(['test', '--json', ...parameters], { FOUNDRY_PROFILE: profile });
  // One line of JSON; none where the contracts did not compile.
  const line = result.output.split('\n').find((text) => text.startsWith('{"contracts/'));
  return { ...result, suites: line === undefined ? undefined : (JSON.parse(line) as Suites) };
}

async function missingFiles(suites: Suites, files: string): Promise<string[]> {
  const ran = new Set(Object.keys(suites).map((suite) => suite.slice(0, suite.lastIndexOf(':'))));
  const missing: string[] = [];
  for await (const file of glob(files, { cwd: root })) {
    const name = file.replaceAll('\\', '/');
    if (!ran.has(name)) missing.push(name);
  }
  return missing;
}
