import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createTokenBytes } from '../../../src/text/token-bytes.ts';
import { createTokenizer } from '../../../src/text/tokenizer.ts';

const folder = new URL('../../../public/models/shakespeare-1m/', import.meta.url);
const json = (name: string): object => JSON.parse(readFileSync(new URL(name, folder), 'utf8'));
const tokenizer = createTokenizer({
  tokenizer: json('tokenizer.json'),
  config: json('tokenizer_config.json'),
});

describe('bytes of tokens', () => {
  it('give any text back, also where a token is half a character', () => {
    const text = 'Naïve\u00ad \u00a0日本 😀\n\tThou’rt ~\u007f\u0000';
    const bytes = tokenizer.encode(text).flatMap((id) => [...tokenizer.bytesOf(id)]);
    expect(new TextDecoder().decode(Uint8Array.from(bytes))).toBe(text);
  });

  it('of a special token are its name, of an unknown one nothing', () => {
    expect(new TextDecoder().decode(tokenizer.bytesOf(0))).toBe('<|endoftext|>');
    expect(tokenizer.bytesOf(999_999)).toHaveLength(0);
  });

  it('are read from SentencePiece, too', () => {
    const bytesOf = createTokenBytes({ model: { vocab: { '<0xE2>': 0, '▁Rome': 1 } } });
    expect([...bytesOf(0)]).toEqual([0xe2]);
    expect(new TextDecoder().decode(bytesOf(1))).toBe(' Rome');
    const unigram = createTokenBytes({ model: { vocab: [['▁a', -1.5]] } });
    expect(new TextDecoder().decode(unigram(0))).toBe(' a');
  });
});
