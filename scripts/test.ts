/**
 * `npm test [-- --only check|unit|contracts|browser|e2e]`: every runner in turn. The last line is the sum over all of them.
 */
import { build } from 'vite';
import { runChecks, tellCheck } from './checks.ts';
import { findBrowser } from './chromium.ts';
import { readCommandLine, refuse } from './command-line.ts';
import { testCoverage } from './contract-coverage.ts';
import { buildRelease, testContracts } from './forge.ts';
import { generateContracts, staleFiles } from './generated-contracts.ts';
import { add, describeTally, nothing, type Tally } from './tally.ts';
import { runTool } from './tool.ts';
import { runVitest } from './vitest.ts';

const parts: Readonly<Record<string, () => Promise<Tally>>> = {
  check: async () => (await runChecks(tellCheck)).reduce(add, nothing),
  unit: async () => runVitest(['unit', 'contract']),
  contracts: async () => {
    await buildRelease();
    return [await testContracts(), await checkGenerated(), await testCoverage()].reduce(add);
  },
  browser: async () => {
    await findBrowser();
    return runVitest(['browser']);
  },
  e2e: async () => add(await buildPage(), await runVitest(['e2e'])),
};

const { values } = readCommandLine({ options: { only: { type: 'string' } } });
if (values.only !== undefined && !Object.hasOwn(parts, values.only))
  refuse(`There is no part "${values.only}": there are ${Object.keys(parts).join(', ')}.`);
const chosen = Object.entries(parts).filter(([name]) => values.only === undefined || values.only === name);

let total = nothing;
for (const [index, [name, run]] of chosen.entries()) {
  console.log(`\n[${index + 1}/${chosen.length}] ${name}`);
  const began = performance.now();
  const tally = await run().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    return { ...nothing, failed: 1 };
  });
  console.log(`${name}: ${describeTally(tally)} (${((performance.now() - began) / 1000).toFixed(1)} s)`);
  total = add(total, tally);
}

console.log('');
for (const { name, reason } of total.skipped) console.log(`skipped: ${name} (${reason})`);
console.log(describeTally(total));
process.exitCode = total.failed > 0 ? 1 : 0;

/** One more test: the chain layer's ABIs and bytecode are those of the contracts. */
async function checkGenerated(): Promise<Tally> {
  const stale = await staleFiles(await generateContracts());
  for (const file of stale) console.log(`✗ ${file} is stale: run npm run build:contracts`);
  return { ...nothing, passed: stale.length === 0 ? 1 : 0, failed: stale.length === 0 ? 0 : 1 };
}

/** Builds what the end-to-end tests serve, and holds its first load to the size budget. */
async function buildPage(): Promise<Tally> {
  await findBrowser();
  await build({ logLevel: 'warn' });
  const { code } = await runTool('size-limit', [], { show: true });
  return { ...nothing, passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1 };
}
