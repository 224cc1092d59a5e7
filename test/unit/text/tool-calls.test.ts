import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AnswerPart, createToolCallReader } from '../../../src/text/tool-calls.ts';
import { callConstraint, callText } from '../../../src/text/tool-format.ts';

/** What a reader says of a text in these pieces: its text, and its calls. */
function read(pieces: readonly string[]): { text: string; calls: [string, string][]; whole: number } {
  const reader = createToolCallReader();
  const parts: AnswerPart[] = pieces.flatMap((piece) => reader.push(piece));
  parts.push(...reader.end());
  let text = '';
  const calls: [string, string][] = [];
  for (const part of parts) {
    if (part.type === 'text') text += part.text;
    else if (part.type === 'call') calls[part.index] = [part.name, ''];
    else (calls[part.index] as [string, string])[1] += part.text;
  }
  return { text, calls, whole: reader.whole };
}

const json = fc.jsonValue().map((value) => JSON.stringify(value));
const words = fc.constantFrom('', 'Well.', 'a < b', '<tool', 'I say </tool_call>', '{"name": "x"}', 'é😀');

describe('tool calls in a text', () => {
  it('are found with their exact arguments, however it is divided', () => {
    const call = fc.tuple(fc.constantFrom('now', 'get-weather_2'), json);
    const cuts = fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 60 });
    fc.assert(
      fc.property(words, fc.array(call, { maxLength: 3 }), cuts, (before, calls, sizes) => {
        const texts = calls.map(([name, args]) => callText(name, args));
        const whole = [before, ...texts].filter((text) => text !== '').join('\n');
        const pieces: string[] = [];
        for (let at = 0, turn = 0; at < whole.length; turn++) {
          const size = sizes[turn] ?? 3;
          pieces.push(whole.slice(at, at + size));
          at += size;
        }
        expect(read(pieces)).toEqual({ text: before, calls, whole: calls.length });
      }),
      { numRuns: 500 },
    );
  });

  it('are streamed: the name as soon as it is whole, then what came of the arguments', () => {
    const reader = createToolCallReader();
    expect(reader.push('Let me see.\n\n<tool_call>\n{"name": "now", "argu')).toEqual([
      { type: 'text', text: 'Let me see.' },
    ]);
    expect(reader.push('ments": {"zone"')).toEqual([
      { type: 'call', index: 0, name: 'now' },
      { type: 'arguments', index: 0, text: '{"zone"' },
    ]);
    expect(reader.push(': "UTC}"')).toEqual([{ type: 'arguments', index: 0, text: ': "UTC}"' }]);
    expect(reader.push('}')).toEqual([{ type: 'arguments', index: 0, text: '}' }]);
    expect(reader.push('}\n</tool_call>')).toEqual([]);
    expect(reader.whole).toBe(1);
  });

  it('that are cut off stay as far as they came', () => {
    const whole = callText('now', '{"zone": "UTC"}');
    expect(read([whole.slice(0, 20)])).toEqual({ text: '', calls: [], whole: 0 });
    expect(read([whole.slice(0, 50)])).toEqual({ text: '', calls: [['now', '{"zone": ']], whole: 0 });
    expect(read(['x <tool_c'])).toEqual({ text: 'x <tool_c', calls: [], whole: 0 });
  });

  it('of another form are text', () => {
    const odd = `<tool_call>${'no call '.repeat(40)}`;
    expect(read([odd])).toEqual({ text: odd, calls: [], whole: 0 });
  });
});

describe('the constraint of calls', () => {
  const tools = [{ name: 'now' }, { name: 'add', parameters: { type: 'object' } }];

  it('begins where the reader begins, and ends where it ends', () => {
    const { format } = callConstraint(tools, { required: true, parallel: false }) as {
      format: { tags: { begin: string; end: string; content: object }[]; stop_after_first: boolean };
    };
    expect(format.stop_after_first).toBe(true);
    for (const [at, { begin, end }] of format.tags.entries())
      expect(begin + '{}' + end).toBe(callText((tools[at] as { name: string }).name, '{}'));
    expect(format.tags.map(({ content }) => content)).toMatchObject([
      { json_schema: { additionalProperties: false } },
      { json_schema: { type: 'object' } },
    ]);
  });

  it('lets text pass where calls are free to come', () => {
    const typeOf = (rule: Parameters<typeof callConstraint>[1]): unknown =>
      (callConstraint(tools, rule) as { format: { type: string } }).format.type;
    expect(typeOf({ required: false, parallel: true })).toBe('triggered_tags');
    expect(typeOf({ required: false, parallel: true, otherwise: {} })).toBe('or');
  });
});
