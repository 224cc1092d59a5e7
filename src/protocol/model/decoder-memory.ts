import type { DecoderFacts } from './decoder-facts.ts';

/** The tokens of one prefill pass for which memory is reckoned. */
const PREFILL = 256;

/**
 * Bytes that one stream at full context needs, weights included: what is stored, what the runtime copies at load, the
 * stream's cache, and for a prefill pass the logits and four activations of each width. A further stream adds its
 * cache. The runtime itself is not in it.
 */
export function memoryOf(
  facts: DecoderFacts,
  sizes: Readonly<Record<'kvHeads' | 'headDim' | 'vocab' | 'hidden' | 'intermediate', number>>,
  context: number,
): number {
  const { layers, cacheType, weightBytes, copiedBytes } = facts;
  const bytes = cacheType === 'float16' ? 2 : 4;
  const cache = 2 * layers * sizes.kvHeads * sizes.headDim * context * bytes;
  const widest = sizes.vocab + 4 * sizes.intermediate + 4 * sizes.hidden;
  return weightBytes + copiedBytes + cache + PREFILL * widest * bytes;
}
