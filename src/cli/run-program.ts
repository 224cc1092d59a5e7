import { type Command, CommanderError } from 'commander';
import { CodedError, type ErrorBody } from '../core/errors.ts';
import { createProgram } from './afterglow.ts';
import { tellFault } from './fault.ts';

/** What a process ends with: it was done, it could not be done, or it could not be meant. */
const FAILED = 1;
const MISUSED = 2;

/** Codes of errors that a different command line mends. */
const MISUSES: ReadonlySet<string> = new Set([
  'amount_invalid',
  'flag_invalid',
  'flag_missing',
  'key_missing',
  'token_missing',
]);

/**
 * Runs one command line. What goes wrong is told on standard error: one sentence, or with `--json` one line
 * `{"error":{"code","message","data"}}`, the last one there; standard output holds results only.
 * @param words what stands behind `afterglow`
 * @returns the process's exit status: 0, 1, or 2 for a command line that can't be meant
 */
export async function runProgram(words: readonly string[]): Promise<number> {
  const json = words.includes('--json');
  const program = createProgram().exitOverride();
  // What commander says of a misuse is part of the error then.
  if (json) program.configureOutput({ writeErr: () => {} });
  passDown(program);
  try {
    await program.parseAsync(words, { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return 0;
      if (json) tellFault(misuseBody(error), json);
      return MISUSED;
    }
    if (!(error instanceof CodedError)) {
      if (!json) throw error;
      // Nobody foresaw it: where it came from is of use to whoever mends it.
      console.error(error);
      tellFault({ code: 'internal', message: error instanceof Error ? error.message : String(error) }, json);
      return FAILED;
    }
    tellFault(error.toBody(), json);
    return MISUSES.has(error.code) ? MISUSED : FAILED;
  }
}

/** What commander itself finds wrong with a flag, as our own readers call it. */
const FLAG_FAULTS: Readonly<Record<string, string>> = {
  'commander.invalidArgument': 'flag_invalid',
  'commander.optionMissingArgument': 'flag_invalid',
  'commander.missingMandatoryOptionValue': 'flag_missing',
};

function misuseBody({ code, message }: CommanderError): ErrorBody {
  // Commander's word for "there was no command, so here is the help".
  if (code === 'commander.help')
    return { code: 'usage', message: 'A command is missing: --help lists them.' };
  const body = { code: FLAG_FAULTS[code] ?? 'usage', message: message.replace(/^error: /, '') };
  const [, flag] = /^option '(?:-\w, )?(--[\w-]+)/.exec(body.message.replace(/^required /, '')) ?? [];
  return flag === undefined ? body : { ...body, data: { flag } };
}

/** A command that was made by itself knows nothing of how its program ends and speaks. */
function passDown(command: Command): void {
  for (const child of command.commands) {
    child.copyInheritedSettings(command);
    passDown(child);
  }
}
