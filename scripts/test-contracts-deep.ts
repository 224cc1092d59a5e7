/** `npm run test:contracts:deep`: the forge tests with 10,000 fuzz runs and long invariant campaigns. Takes minutes. */
import { testContracts } from './forge.ts';
import { describeTally } from './tally.ts';

const tally = await testContracts('deep');
console.log(describeTally(tally));
process.exitCode = tally.failed > 0 ? 1 : 0;
