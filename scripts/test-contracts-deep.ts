/** `npm run test:contracts:deep`: the forge tests with 20,000 fuzz runs and 20,000 runs of each invariant campaign. Takes more than half an hour of two cores. */
import { testContracts } from './forge.ts';
import { describeTally } from './tally.ts';

const tally = await testContracts('deep');
console.log(describeTally(tally));
process.exitCode = tally.failed > 0 ? 1 : 0;
