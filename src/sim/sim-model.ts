import { utf8 } from '../core/bytes.ts';
import type { RelayModel } from '../relay/catalogue.ts';

/**
 * The simulation's model: its text is its ids. A token is written as ` 123`, so that ids can be read back from what an
 * agent saw.
 */
export const SIM_MODEL: RelayModel = {
  id: 'sim',
  ref: { manifest: `0x${'5e'.repeat(32)}`, variant: 'sim' },
  context: 4096,
  vocab: 1000,
  eosTokenIds: [],
  tokenizer: {
    vocab: 1000,
    encode: (text) => Array.from(text, (char) => (char.codePointAt(0) ?? 0) % 1000),
    input: (text) => [1, ...SIM_MODEL.tokenizer.encode(text)],
    bytesOf: (id) => utf8(` ${id}`),
    decode: (ids) => ids.map((id) => ` ${id}`).join(''),
    chat: (messages) => [1, ...messages.flatMap(({ content }) => SIM_MODEL.tokenizer.encode(content)), 2],
  },
};

/** The simulation's model for vectors: a token for each character, behind one that begins the text. */
export const SIM_ENCODER = {
  ...SIM_MODEL,
  id: 'sim-embed',
  ref: { manifest: `0x${'e5'.repeat(32)}`, variant: 'sim' },
  context: 512,
  embedding: { dimensions: 64, leastDimensions: 16 },
} as const satisfies RelayModel;
