import { CodedError } from '../../core/errors.ts';
import { invalidValue, readArray, readString } from './parameter.ts';

const MAX_STOPS = 4;
const MAX_STOP_LENGTH = 256;

/** Reads `stop`: one string, or up to four. */
export function readStop(value: unknown): string[] {
  const list = typeof value === 'string' ? [value] : readArray('stop', value, { min: 0, max: MAX_STOPS });
  return list.map((item, at) => {
    const text = readString(typeof value === 'string' ? 'stop' : `stop[${at}]`, item);
    if (text === '') throw invalidValue('stop', 'a stop string may not be empty.');
    if (text.length > MAX_STOP_LENGTH) {
      throw new CodedError(
        'string_above_max_length',
        `Invalid 'stop': a stop string has at most ${MAX_STOP_LENGTH} characters.`,
        { param: 'stop' },
      );
    }
    return text;
  });
}
