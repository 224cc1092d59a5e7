import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { readTokenizer } from '../../../src/text/tokenizer-files.ts';

const tokenizer = await readFile('public/models/shakespeare-1m/tokenizer.json', 'utf8');
const user = [{ role: 'user', content: 'ho' }] as const;

/** The files of a model, with these changes; null takes one away. */
const files = (change: Record<string, string | null>) => async (path: string) =>
  ({ 'tokenizer.json': tokenizer, 'tokenizer_config.json': '{}', ...change })[path] ?? undefined;
const configWith = (template: unknown): Record<string, string> => ({
  'tokenizer_config.json': JSON.stringify({ chat_template: template }),
});

describe('a chat template', () => {
  it.each([
    ['in the configuration', configWith('A {{ messages[0].content }}'), 'A ho'],
    [
      'by the name default among several',
      configWith([
        { name: 'tool_use', template: 'wrong' },
        { name: 'default', template: 'B {{ messages[0].content }}' },
      ]),
      'B ho',
    ],
    [
      'in a file of its own, which wins',
      { ...configWith('wrong'), 'chat_template.jinja': 'C {{ messages[0].content }}' },
      'C ho',
    ],
  ])('is found %s', async (_, change, text) => {
    const read = await readTokenizer(files(change));
    expect(read.decode(read.chat(user))).toBe(text);
  });

  it('may be missing, until a conversation needs it', async () => {
    const read = await readTokenizer(files({}));
    expect(read.encode('ho')).not.toHaveLength(0);
    expect(() => read.chat(user)).toThrow(expect.objectContaining({ code: 'chat_template_missing' }));
  });
});

it.each([
  ['tokenizer.json', null, 'model_file_missing'],
  ['tokenizer_config.json', null, 'model_file_missing'],
  ['tokenizer.json', '{"model": {}}', 'tokenizer_invalid'],
  ['tokenizer_config.json', '<html>', 'tokenizer_invalid'],
  ['chat_template.jinja', '{% for %}', 'tokenizer_invalid'],
])('names %s = %j', async (file, content, code) => {
  const error = readTokenizer(files({ [file]: content }));
  await expect(error).rejects.toMatchObject({ code });
});
