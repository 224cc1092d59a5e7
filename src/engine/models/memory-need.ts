import type { ModelManifest } from '../../protocol/wire/model-manifest.ts';

const FLOAT_BYTES = 4;
const HALF_BYTES = 2;

/**
 * Bytes that a model needs on the GPU with so many streams of so many tokens: weights, the cache of all streams, and one
 * prompt's cache beside it.
 */
export function memoryNeed(
  { architecture, context: whole, variants }: ModelManifest,
  variant: string,
  slots: number,
  context = whole,
): number {
  const { memoryBytes = 0, dtype = 'fp32' } = variants[variant] ?? {};
  if (architecture.kind !== 'decoder') return memoryBytes;
  const { layers, kvHeads, headDim, vocab } = architecture;
  const cacheBytes = dtype.endsWith('16') ? HALF_BYTES : FLOAT_BYTES;
  const stream = (tokens: number): number => 2 * layers * kvHeads * headDim * cacheBytes * tokens;
  const weights = Math.max(0, memoryBytes - stream(whole));
  return weights + (slots + 1) * stream(Math.min(whole, context)) + slots * vocab * FLOAT_BYTES;
}
