import type { ErrorBody } from '../core/errors.ts';
import { plainJson } from './plain-json.ts';

/** What to look at, where the error comes from a layer that knows no flags. */
const CURES: Readonly<Record<string, string>> = { chain_unreachable: 'Check --rpc-url.' };

/** On standard error: a sentence, or with `json` one line for programs. */
export function tellFault(body: ErrorBody, json: boolean | undefined): void {
  const cure = CURES[body.code];
  const told = cure === undefined ? body : { ...body, message: `${body.message} ${cure}` };
  console.error(json ? plainJson({ error: told }) : told.message);
}
