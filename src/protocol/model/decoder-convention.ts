/** The names by which decoders of the onnx-community convention call their inputs and outputs. */
export const IDS = 'input_ids';
export const MASK = 'attention_mask';
/** Missing where attention rotates by itself. */
export const POSITIONS = 'position_ids';
/** Of how many tokens at the end logits are wanted; few graphs ask. */
export const KEPT = 'num_logits_to_keep';
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
