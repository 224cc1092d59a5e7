import { CodedError } from '../../core/errors.ts';
import type { DecoderShape } from './decoder.ts';

/** The names by which decoders of the onnx-community convention call their inputs and outputs. */
export const IDS = 'input_ids';
export const MASK = 'attention_mask';
export const POSITIONS = 'position_ids';
export const LOGITS = 'logits';

/** One layer's keys or values: the past input and the present output, which share one buffer. */
export interface CacheName {
  readonly past: string;
  readonly present: string;
}

export function cacheNames(layers: number): CacheName[] {
  return Array.from({ length: 2 * layers }, (_, i) => {
    const [layer, kind] = [i >> 1, i & 1 ? 'value' : 'key'];
    return { past: `past_key_values.${layer}.${kind}`, present: `present.${layer}.${kind}` };
  });
}

/** Elements of one layer's keys or values of one slot. */
export function slotElements({ kvHeads, context, headDim }: DecoderShape): number {
  return kvHeads * context * headDim;
}

/** Calls back with where each head's keys or values of two slots begin, in elements, and how many a position has. */
export function forEachHead(
  { kvHeads, context, headDim }: DecoderShape,
  from: number,
  to: number,
  call: (source: number, target: number, headDim: number) => void,
): void {
  for (let head = 0; head < kvHeads; head++) {
    const [source, target] = [from, to].map((slot) => (slot * kvHeads + head) * context * headDim);
    call(source!, target!, headDim);
  }
}

/**
 * Refuses a graph that this engine can't drive.
 * @throws CodedError `model_unsupported` naming what is missing or unknown.
 */
export function checkGraph(inputs: readonly string[], outputs: readonly string[], layers: number): void {
  const cache = cacheNames(layers);
  const feeds = new Set([IDS, MASK, POSITIONS, ...cache.map(({ past }) => past)]);
  const unknown = inputs.filter((name) => !feeds.has(name));
  const missing = [
    ...[IDS, MASK, ...cache.map(({ past }) => past)].filter((name) => !inputs.includes(name)),
    ...[LOGITS, ...cache.map(({ present }) => present)].filter((name) => !outputs.includes(name)),
  ];
  if (unknown.length === 0 && missing.length === 0) return;
  const message = 'The model graph does not follow the onnx-community convention that this engine drives.';
  throw new CodedError('model_unsupported', message, { unknown, missing });
}
