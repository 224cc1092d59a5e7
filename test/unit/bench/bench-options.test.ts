import { describe, expect, it } from 'vitest';
import { describeOptions, type OptionRules, readOptions } from '../../../bench/bench-options.ts';

const RULES: OptionRules = { adapter: ['machine', 'software'], rounds: 'count', model: 'text', free: 'flag' };

describe('the options of a benchmark', () => {
  it('are read by their rules, and described', () => {
    const given = ['--adapter=machine', '--rounds=5', '--model=a=b', '--free'];
    expect(readOptions(given, RULES)).toEqual({
      adapter: 'machine',
      rounds: '5',
      model: 'a=b',
      free: true,
    });
    expect(readOptions([], RULES)).toEqual({});
    expect(describeOptions(RULES)).toBe('--adapter=machine|software --rounds=N --model=NAME --free');
  });

  it.each([
    // Taken for the software adapter, this would measure another thing than was asked for.
    [['--adapter', 'machine'], '"--adapter" can\'t be used: it must be --adapter=machine|software'],
    [['--adapter=gpu'], '"--adapter=gpu" can\'t be used'],
    [['--adapter='], '"--adapter=" can\'t be used'],
    [['machine'], 'There is no option "machine"'],
    [['--backend=webgpu'], 'There is no option "--backend=webgpu": there are --adapter=machine|software, '],
    [['--toString'], 'There is no option "--toString"'],
    [['-f'], 'There is no option "-f"'],
    [['--rounds=0'], '"--rounds=0" can\'t be used: it must be --rounds=N'],
    [['--rounds=five'], '"--rounds=five" can\'t be used'],
    [['--model='], '"--model=" can\'t be used'],
    [['--free=yes'], '"--free=yes" can\'t be used: it must be --free'],
  ])('are refused where they say something else: %s', (given, words) => {
    expect(() => readOptions(given, RULES)).toThrow(words);
  });
});
