import { createTokenBytes } from '../../text/token-bytes.ts';

/** A model's tokens as a grammar sees them. */
export interface GrammarVocabulary {
  /** The bytes of each id; none where it stands for no text: special tokens, and ids that only pad the logits. */
  readonly bytes: readonly Uint8Array[];
  readonly stopIds: readonly number[];
  /** A mask of the stop ids. */
  readonly stops: Uint32Array;
  isText(id: number): boolean;
}

/**
 * @param tokenizer `tokenizer.json`
 * @param vocab size of the logits
 */
export function createGrammarVocabulary(
  tokenizer: object,
  vocab: number,
  stopIds: readonly number[],
): GrammarVocabulary {
  const bytesOf = createTokenBytes(tokenizer);
  const { added_tokens: added = [] } = tokenizer as { added_tokens?: { id: number; special?: boolean }[] };
  const silent = new Set([...added.filter(({ special }) => special).map(({ id }) => id), ...stopIds]);
  const bytes = Array.from({ length: vocab }, (_, id) => (silent.has(id) ? new Uint8Array() : bytesOf(id)));
  const stops = new Uint32Array(Math.ceil(vocab / 32));
  for (const id of stopIds) stops[id >>> 5]! |= 1 << (id & 31);
  return { bytes, stopIds, stops, isText: (id) => (bytes[id]?.length ?? 0) > 0 };
}
