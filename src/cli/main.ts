/** Entry of `npm run afterglow -- …`. */
import { runProgram } from './run-program.ts';

const status = await runProgram(process.argv.slice(2));
// A command that ran may have set a status of its own: for a receipt that does not hold, say.
if (status !== 0) process.exitCode = status;
