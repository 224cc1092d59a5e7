/** The checks that read the code without running it. */
import { runTool } from './tool.ts';
import { runVitest } from './vitest.ts';
import type { Tally } from './tally.ts';

export interface CheckResult extends Tally {
  readonly name: string;
  readonly seconds: number;
  /** What to show if it failed. */
  readonly output: string;
}

const checks: Readonly<Record<string, () => Promise<Tally & { output: string }>>> = {
  types: async () => {
    // TypeScript 7.0 keeps stale errors when a declaration file was added: a red answer is asked for again from scratch.
    const quick = await runTool('typescript', ['-b']);
    return asTally(quick.code === 0 ? quick : await runTool('typescript', ['-b', '--force']));
  },
  lint: async () => asTally(await runTool('oxlint', [])),
  format: async () => asTally(await runTool('oxfmt', ['--check'])),
  'unused code': async () => asTally(await runTool('knip', ['--no-progress'])),
  walls: async () => runVitest(['walls'], false),
};

function asTally({ code, output }: { code: number; output: string }): Tally & { output: string } {
  return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: [], output };
}

/** Runs all checks at once and tells of each as it ends. */
export async function runChecks(tell: (result: CheckResult) => void): Promise<CheckResult[]> {
  return Promise.all(
    Object.entries(checks).map(async ([name, check]) => {
      const began = performance.now();
      const result = { name, ...(await check()), seconds: (performance.now() - began) / 1000 };
      tell(result);
      return result;
    }),
  );
}

/** One line for a check that passed; its output before that line for one that failed or warns. */
export function tellCheck({ name, failed, seconds, output }: CheckResult): void {
  const warns = /Found [1-9]\d* warning/.test(output);
  if (failed > 0 || warns) console.log(output.trimEnd());
  console.log(`${failed > 0 ? '✗' : '✓'} ${name} (${seconds.toFixed(1)} s)`);
}
