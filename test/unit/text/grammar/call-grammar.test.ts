import { beforeAll, expect, it } from 'vitest';
import { callsConstraint, grammarOf } from '../../../../src/text/grammar/constraint.ts';
import { type CallRule, callText } from '../../../../src/text/tool-format.ts';
import { openRecognizer, type Recognizer } from '../../../contract/recognizer.ts';

const MODEL = { vocab: 2048 };
const TOOLS = [
  {
    name: 'weather',
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  },
  { name: 'now' },
];
const weather = callText('weather', '{"city":"Paris"}');
const now = callText('now', '{}');
const broken = [
  callText('other', '{}'),
  callText('weather', '{}'),
  callText('now', '{"a":1}'),
  weather.slice(0, -3),
];

let recognizer: Recognizer;
beforeAll(async () => {
  recognizer = await openRecognizer();
});

const plain = { type: 'object', properties: { a: { type: 'integer' } }, required: ['a'] };

it.each<[string, CallRule, readonly string[], readonly string[]]>([
  [
    'required',
    { required: true, parallel: true },
    [weather, now, `${weather}\n${now}`],
    ['', 'hi', weather + now, ...broken],
  ],
  ['one', { required: true, parallel: false }, [weather, now], ['', `${weather}\n${now}`, ...broken]],
  [
    'free text or calls',
    { required: false, parallel: true },
    ['', 'hello < there', weather, `text ${weather}`, `${weather}\n${now}`, `${weather} more`],
    ['<tool_call>', `a ${broken[0]}`, ...broken],
  ],
  [
    'free text or one call',
    { required: false, parallel: false },
    ['', 'hello', weather, `text ${weather}`],
    [`${weather}\n${now}`, `${weather} more`, ...broken],
  ],
  [
    'a document or one call',
    { required: false, parallel: false, otherwise: plain },
    [weather, '{"a":1}'],
    ['hi', '{}', ...broken],
  ],
])('G1 calls of functions: %s', async (_, rule, yes, no) => {
  const accepts = await recognizer.compile(grammarOf(callsConstraint(TOOLS, rule, MODEL), MODEL));
  expect(yes.filter((text) => !accepts(text))).toEqual([]);
  expect(no.filter((text) => accepts(text))).toEqual([]);
});

it('G5 calls in one answer are bounded, where nothing else may end it', async () => {
  const rule = { required: true, parallel: true };
  const accepts = await recognizer.compile(grammarOf(callsConstraint(TOOLS, rule, MODEL), MODEL));
  const calls = (count: number): string => Array.from({ length: count }, () => now).join('\n');
  expect(accepts(calls(16))).toBe(true);
  expect(accepts(calls(17))).toBe(false);
});
