/** The sizes of a decoder, and what its family does differently. */
export interface DecoderSizes {
  readonly layers: number;
  readonly hidden: number;
  readonly intermediate: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly vocab: number;
  /** Positions that the rotary tables know. */
  readonly context: number;
  readonly ropeTheta: number;
  /** RMS normalisation of each head's queries and keys, as in Qwen 3. */
  readonly headNorm: boolean;
}

/** Published models, with two layers instead of all. */
export const SHAPES = {
  'qwen3-0.6b': {
    layers: 2,
    hidden: 1024,
    intermediate: 3072,
    heads: 16,
    kvHeads: 8,
    headDim: 128,
    vocab: 151_936,
    context: 2048,
    ropeTheta: 1_000_000,
    headNorm: true,
  },
  'llama-3.2-1b': {
    layers: 2,
    hidden: 2048,
    intermediate: 8192,
    heads: 32,
    kvHeads: 8,
    headDim: 64,
    vocab: 128_256,
    context: 2048,
    ropeTheta: 500_000,
    headNorm: false,
  },
  'smollm2-135m': {
    layers: 2,
    hidden: 576,
    intermediate: 1536,
    heads: 9,
    kvHeads: 3,
    headDim: 64,
    vocab: 49_152,
    context: 2048,
    ropeTheta: 100_000,
    headNorm: false,
  },
} as const satisfies Record<string, DecoderSizes>;
