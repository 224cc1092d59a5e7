/** `npm run check`: types, lint, format, unused code and walls. */
import { runChecks, tellCheck } from './checks.ts';
import { add, describeTally, nothing } from './tally.ts';

const total = (await runChecks(tellCheck)).reduce(add, nothing);
console.log(describeTally(total));
process.exitCode = total.failed > 0 ? 1 : 0;
