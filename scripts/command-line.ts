/** What stands behind `npm run NAME --`, for the scripts that take options. */
import { parseArgs, type ParseArgsConfig } from 'node:util';

/** Reads the options of this process; one that is not there ends it with 2, and one line that names those there are. */
export function readCommandLine<T extends ParseArgsConfig>(config: T): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (!code?.startsWith('ERR_PARSE_ARGS_')) throw error;
    const options = Object.entries(config.options ?? {}).map(
      ([name, { type }]) => `--${name}${type === 'string' ? ' VALUE' : ''}`,
    );
    // What Node says beyond its first sentence is about minus signs.
    const [fault] = message.split(/\.?\n|\. /);
    return refuse(`${fault}: there are ${options.join(', ') || 'no options'}.`);
  }
}

/** Ends the process: its command line can't be meant. @param words one line */
export function refuse(words: string): never {
  console.error(words);
  process.exit(2);
}
