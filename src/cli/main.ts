/** Entry of `npm run afterglow -- …`. */
import { CodedError } from '../core/errors.ts';
import { createProgram } from './afterglow.ts';

try {
  await createProgram().parseAsync();
} catch (error) {
  if (!(error instanceof CodedError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
