import type { RelayModel } from '../../../../src/relay/catalogue.ts';

/** Ends an answer. */
export const EOS = 256;

/** A model whose tokens are bytes, so that a test sees every border between ids, characters and stop strings. */
export const BYTE_MODEL: RelayModel = {
  id: 'bytes',
  ref: { manifest: `0x${'b7'.repeat(32)}`, variant: 'fp32' },
  context: 256,
  vocab: 257,
  eosTokenIds: [EOS],
  tokenizer: {
    vocab: 257,
    encode: bytes,
    input: bytes,
    bytesOf: (id) => (id === EOS ? new TextEncoder().encode('<end>') : Uint8Array.of(id)),
    decode: (ids) => new TextDecoder().decode(Uint8Array.from(ids.filter((id) => id !== EOS))),
    chat: (messages) => messages.flatMap(({ role, content }) => bytes(`${role[0]}:${content}\n`)),
  },
};

export const OTHER_MODEL: RelayModel = {
  ...BYTE_MODEL,
  id: 'other',
  ref: { ...BYTE_MODEL.ref, variant: 'q4' },
};

/** The ids of a text. */
export function bytes(text: string): number[] {
  return [...new TextEncoder().encode(text)];
}
