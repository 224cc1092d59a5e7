/**
 * `npm run test:contracts:deep [-- --from ROUND]`: the forge tests with 20,000 fuzz runs, and 20,000 runs of each
 * invariant campaign. The campaigns come in twenty rounds, each with a seed of its own, so that one sees how far it is
 * and can go on from there; the first round has the other tests, too. A quarter of an hour of two quiet cores.
 */
import { readCommandLine, refuse } from './command-line.ts';
import { buildRelease, testContracts } from './forge.ts';
import { add, describeTally, nothing, type Tally } from './tally.ts';

/** Of 1,000 runs of each campaign (`contracts/foundry.toml`). */
const ROUNDS = 20;
const CAMPAIGNS = 'contracts/test/invariants/*.t.sol';

const { values } = readCommandLine({ options: { from: { type: 'string', default: '1' } } });
const from = Number(values.from);
if (!Number.isInteger(from) || from < 1 || from > ROUNDS)
  refuse(`--from names the round to begin with: 1 to ${ROUNDS}.`);

let tally: Tally = nothing;
await buildRelease();
for (let round = from; round <= ROUNDS; round++) {
  const start = performance.now();
  const parameters = ['--fuzz-seed', `0x${round.toString(16)}`];
  const found = await testContracts({
    profile: 'deep',
    parameters,
    ...(round > 1 ? { files: CAMPAIGNS } : {}),
  });
  const seconds = ((performance.now() - start) / 1_000).toFixed(0);
  console.log(`round ${round} of ${ROUNDS}: ${describeTally(found)}, ${seconds} s`);
  tally = add(tally, found);
}
console.log(describeTally(tally));
process.exitCode = tally.failed > 0 ? 1 : 0;
