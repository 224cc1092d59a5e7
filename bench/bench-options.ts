/** What an option of a benchmark takes: one of some words, a whole number from 1 on, any text, or nothing. */
export type OptionRule = readonly string[] | 'count' | 'text' | 'flag';

export type OptionRules = Readonly<Record<string, OptionRule>>;

/** Of each option that was given: its value; `true` where it takes none. */
export type OptionValues = Readonly<Record<string, string | true>>;

/**
 * Reads `--name=value` and `--name`. A figure of something else than what was asked for is worse than none, so whatever
 * is not known is refused.
 * @throws Error one sentence for people
 */
export function readOptions(words: readonly string[], rules: OptionRules): OptionValues {
  return Object.fromEntries(words.map((word) => readOption(word, rules)));
}

function readOption(word: string, rules: OptionRules): [name: string, value: string | true] {
  const [, name = '', value] = /^--([^=]+)(?:=(.*))?$/s.exec(word) ?? [];
  const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
  if (rule === undefined)
    throw new Error(`There is no option "${word}": there are ${Object.entries(rules).map(show).join(', ')}.`);
  const isFit =
    rule === 'flag'
      ? value === undefined
      : rule === 'text'
        ? value
        : rule === 'count'
          ? /^[1-9]\d*$/.test(value ?? '')
          : rule.includes(value ?? '');
  if (isFit) return [name, value ?? true];
  throw new Error(`"${word}" can't be used: it must be ${show([name, rule])}, with the = and no blank.`);
}

/** @example describeOptions({ adapter: ['machine', 'software'], free: 'flag' }) // '--adapter=machine|software --free' */
export function describeOptions(rules: OptionRules): string {
  return Object.entries(rules).map(show).join(' ');
}

function show([name, rule]: [string, OptionRule]): string {
  switch (rule) {
    case 'flag':
      return `--${name}`;
    case 'text':
      return `--${name}=NAME`;
    case 'count':
      return `--${name}=N`;
    default:
      return `--${name}=${rule.join('|')}`;
  }
}
