import type { ModelManifest } from '../../protocol/wire/model-manifest.ts';
import { createDecoderGraph, type DecoderGraphOptions } from './decoder-graph.ts';
import { type DecoderSizes, SHAPES } from './decoder-sizes.ts';

/** What an engine is made with: the graph of the manifest's only variant, which is named after its type. */
export interface SyntheticDecoder {
  readonly manifest: ModelManifest;
  readonly graph: Uint8Array<ArrayBuffer>;
  /** The file that `external` names. */
  readonly data: readonly { readonly name: string; readonly content: Uint8Array<ArrayBuffer> }[];
}

/**
 * A published model's shape with random weights and two layers: see `decoder-graph.ts`.
 * @param change of its sizes, for example a smaller vocabulary where only the rest of it matters
 * @example
 * const model = createSyntheticDecoder('qwen3-0.6b', { dtype: 'q4' }); // a vocabulary of 151,936
 * const engine = await createOnnxEngine({ runtime, slots: 4, context: 1024, ...model });
 */
export function createSyntheticDecoder(
  shape: keyof typeof SHAPES,
  options: DecoderGraphOptions,
  change: Partial<DecoderSizes> = {},
): SyntheticDecoder {
  const sizes: DecoderSizes = { ...SHAPES[shape], ...change };
  const { graph, data } = createDecoderGraph(sizes, options);
  const { layers, hidden, intermediate, heads, kvHeads, headDim, vocab, context } = sizes;
  const { dtype, external } = options;
  const bytes = graph.length + (data?.length ?? 0);
  return {
    graph,
    data: data && external !== undefined ? [{ name: external, content: data }] : [],
    manifest: {
      format: 1,
      id: `${shape}-synthetic`,
      name: `${shape}, random weights`,
      description: 'The shape of a published model: nothing that it says has a meaning.',
      license: 'Apache-2.0',
      architecture: {
        kind: 'decoder',
        layers,
        hidden,
        intermediate,
        heads,
        kvHeads,
        headDim,
        vocab,
        parameters: countParameters(sizes, options.tied !== false),
      },
      context,
      bosTokenId: null,
      eosTokenIds: [],
      variants: { [dtype]: { dtype, graph: 'model.onnx', data: [], memoryBytes: bytes } },
      files: [{ path: 'model.onnx', bytes: graph.length, sha256: '0'.repeat(64) }],
    },
  };
}

function countParameters(sizes: DecoderSizes, tied: boolean): number {
  const { layers, hidden, intermediate, heads, kvHeads, headDim, vocab, headNorm } = sizes;
  const attention = 2 * hidden * headDim * (heads + kvHeads) + (headNorm ? 2 * headDim : 0);
  const layer = attention + 3 * hidden * intermediate + 2 * hidden;
  return (tied ? 1 : 2) * vocab * hidden + layers * layer + hidden;
}
