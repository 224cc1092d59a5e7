/** How much of the contracts the forge tests reach, and that it is all of it. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runForge } from './forge.ts';
import { nothing, type Tally } from './tally.ts';

/** What holds money, with the libraries that it is made of. */
const covered = ['PaymentChannel', 'ChannelLedger', 'ChannelAccounting', 'PayoutHub', 'HubAccounting'];

/** What decides something: a report without branches of these did not count any. */
const branching = ['PaymentChannel', 'ChannelLedger', 'PayoutHub'];

interface Coverage {
  readonly file: string;
  /** How many there are. */
  readonly lines: number;
  readonly branches: number;
  /** `12` for a line, `12 (branch 1)` for a branch. */
  readonly missed: readonly string[];
}

/** Runs the tests on instrumented sources. @throws Error with forge's words where they fail */
async function measureCoverage(): Promise<Coverage[]> {
  const folder = await mkdtemp(join(tmpdir(), 'afterglow-coverage-'));
  try {
    const report = join(folder, 'lcov.info');
    const { code, output } = await runForge(
      [
        'coverage',
        '--report',
        'lcov',
        '--report-file',
        report,
        '--no-match-path',
        'contracts/test/mutants/*',
      ],
      { FOUNDRY_PROFILE: 'coverage', CONTRACTS_FROM_SOURCE: 'true' },
    );
    if (code !== 0) throw new Error(`Coverage was not measured:\n${output}`);
    return readReport(await readFile(report, 'utf8'));
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** One test for each contract: all of its lines and branches are reached. */
export async function testCoverage(): Promise<Tally> {
  const found = new Map((await measureCoverage()).map((coverage) => [coverage.file, coverage]));
  let failed = 0;
  for (const contract of covered) {
    const coverage = found.get(`contracts/src/${contract}.sol`);
    const problem = problemOf(contract, coverage);
    if (problem === undefined) continue;
    failed++;
    console.log(`✗ ${contract}: ${problem}`);
  }
  return { ...nothing, passed: covered.length - failed, failed };
}

function problemOf(contract: string, coverage: Coverage | undefined): string | undefined {
  if (!coverage || coverage.lines === 0) return 'not measured';
  if (coverage.branches === 0 && branching.includes(contract)) return 'its branches were not counted';
  return coverage.missed.length > 0 ? `never reached: line ${coverage.missed.join(', ')}` : undefined;
}

/** lcov: `SF:file`, then `DA:line,hits` and `BRDA:line,block,branch,hits`, to `end_of_record`. */
function readReport(text: string): Coverage[] {
  return text
    .split('end_of_record')
    .filter((record) => record.includes('SF:contracts/src/'))
    .map((record) => {
      const rows = (kind: string): string[][] =>
        [...record.matchAll(new RegExp(`^${kind}:(.*)$`, 'gm'))].map(([, values = '']) => values.split(','));
      const isHit = (hits: string | undefined): boolean => Number(hits) > 0;
      const lines = rows('DA');
      const branches = rows('BRDA');
      return {
        file: rows('SF')[0]?.[0] ?? '',
        lines: lines.length,
        branches: branches.length,
        missed: [
          ...lines.filter(([, hits]) => !isHit(hits)).map(([line = '']) => line),
          ...branches.filter((row) => !isHit(row[3])).map(([line, , branch]) => `${line} (branch ${branch})`),
        ],
      };
    });
}
