/** A vitest reporter that writes the tally of a run, with the reason of each skip, to the file named by `TALLY_FILE`. */
import { writeFileSync } from 'node:fs';
import type { Reporter, TestModule } from 'vitest/node';
import { nothing, add, type Tally } from './tally.ts';

export default class TallyReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const file = process.env['TALLY_FILE'];
    if (!file) throw new Error('TALLY_FILE must name the file that the tally is written to.');
    const broken = { ...nothing, failed: unhandledErrors.length };
    writeFileSync(file, JSON.stringify(modules.map(tallyOf).reduce(add, broken)));
  }
}

/** A file that could not be loaded has no tests to fail: it counts as one failure itself. */
function tallyOf(module: TestModule): Tally {
  const ownErrors = module.errors().length > 0 ? 1 : 0;
  let tally: Tally = { ...nothing, failed: ownErrors };
  for (const test of module.children.allTests()) {
    const result = test.result();
    if (result.state === 'skipped') {
      const skip = {
        name: `${module.relativeModuleId}: ${test.fullName}`,
        reason: result.note ?? 'no reason given',
      };
      tally = add(tally, { ...nothing, skipped: [skip] });
    } else if (result.state === 'passed') tally = add(tally, { ...nothing, passed: 1 });
    else tally = add(tally, { ...nothing, failed: 1 });
  }
  return tally;
}
