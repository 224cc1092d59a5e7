import { CodedError } from '../../core/errors.ts';
import type { ByteSource } from './byte-source.ts';
import { cacheNames, IDS, KEPT, LOGITS, MASK, POSITIONS } from './decoder-convention.ts';
import { type GraphOutline, type GraphValue, readOutline } from './graph-outline.ts';

export type FloatType = 'float32' | 'float16';

/** What a decoder's graph says of itself. A size that a run decides there is not here. */
export interface DecoderFacts {
  readonly layers: number;
  readonly kvHeads?: number;
  readonly headDim?: number;
  readonly vocab?: number;
  /** Rows of its rotary tables: nothing may come later. */
  readonly positions?: number;
  /** Of keys and values. */
  readonly cacheType: FloatType;
  readonly logitsType: FloatType;
  /** Inputs that not every graph has. */
  readonly hasPositions: boolean;
  readonly hasKept: boolean;
  /** It computes in half precision somewhere: a GPU needs `shader-f16`. */
  readonly halfPrecision: boolean;
  /** Attention normalises heads itself, which ONNX Runtime does on GPUs only. */
  readonly normsInAttention: boolean;
  /** Files with its weights, as the graph calls them: relative to its own folder. */
  readonly files: readonly string[];
  /** All weights, wherever they lie. */
  readonly weightBytes: number;
  /** What the runtime copies at load: an embedding that both ends share, turned, where it is not quantised. */
  readonly copiedBytes: number;
  readonly largestTensor: { readonly name: string; readonly bytes: number };
}

/**
 * Reads the sizes and types of a decoder from its graph; no weights are read.
 * @throws CodedError `graph_invalid`, `model_unsupported` naming what breaks the convention
 */
export async function readDecoderFacts(source: ByteSource): Promise<DecoderFacts> {
  const outline = await readOutline(source);
  const { inputs, outputs, tensors, nodes } = outline;
  const layers = countLayers(inputs);
  checkNames(outline, layers);
  const names = cacheNames(layers);
  const cache = [
    ...inputs.filter(({ name }) => names.some(({ past }) => past === name)),
    ...outputs.filter(({ name }) => names.some(({ present }) => present === name)),
  ];
  const logits = outputs.find(({ name }) => name === LOGITS)!;
  const sizes = {
    kvHeads: commonSize(cache, 1),
    headDim: commonSize(cache, 3),
    vocab: commonSize([logits], 2),
    positions: tensors.find(({ name, dims }) => ROTARY_TABLE.test(name) && dims.length === 2)?.dims[0],
  };
  const largest = tensors.reduce((most, tensor) => (tensor.bytes > most.bytes ? tensor : most), NOTHING);
  return {
    layers,
    ...withoutMissing(sizes),
    cacheType: commonFloat(cache),
    logitsType: commonFloat([logits]),
    hasPositions: inputs.some(({ name }) => name === POSITIONS),
    hasKept: inputs.some(({ name }) => name === KEPT),
    halfPrecision: [...inputs, ...outputs, ...tensors].some(({ type }) => type === 'float16'),
    normsInAttention: nodes.some(
      ({ operator, inputs: of }) => operator === 'GroupQueryAttention' && (of[HEAD_GAIN] ?? '') !== '',
    ),
    files: [...new Set(tensors.flatMap(({ file }) => file ?? []))],
    weightBytes: tensors.reduce((sum, { bytes }) => sum + bytes, 0),
    copiedBytes: nodes.some(({ operator }) => operator === 'Transpose') ? largest.bytes : 0,
    largestTensor: { name: largest.name, bytes: largest.bytes },
  };
}

/** As exporters call it: `cos_cache`, `rotary.cos`. */
const ROTARY_TABLE = /(^|[._/])cos(_cache)?$/;

/** The input of GroupQueryAttention that has the gains of queries. */
const HEAD_GAIN = 14;

const NOTHING = { name: '', bytes: 0 };

function countLayers(inputs: readonly GraphValue[]): number {
  const names = new Set(inputs.map(({ name }) => name));
  let layers = 0;
  while (names.has(cacheNames(layers + 1)[2 * layers]!.past)) layers++;
  return layers;
}

/** Refuses what this engine would not know how to feed. */
function checkNames({ inputs, outputs }: GraphOutline, layers: number): void {
  const cache = cacheNames(Math.max(1, layers));
  const known = new Set([IDS, MASK, POSITIONS, KEPT, ...cache.map(({ past }) => past)]);
  const has = (values: readonly GraphValue[], name: string): boolean =>
    values.some((value) => value.name === name);
  const unknown = inputs.map(({ name }) => name).filter((name) => !known.has(name));
  const missing = [
    ...[IDS, MASK, ...cache.map(({ past }) => past)].filter((name) => !has(inputs, name)),
    ...[LOGITS, ...cache.map(({ present }) => present)].filter((name) => !has(outputs, name)),
  ];
  if (unknown.length > 0 || missing.length > 0) {
    throw unsupported({ unknown: unknown.slice(0, 16), missing: missing.slice(0, 16) });
  }
  const wrong = inputs.filter(
    ({ name, type }) => [IDS, MASK, POSITIONS, KEPT].includes(name) && type !== 'int64',
  );
  if (wrong.length > 0)
    throw unsupported({ types: Object.fromEntries(wrong.map(({ name, type }) => [name, type])) });
}

/** The size that all have along an axis, or nothing where a run decides it. */
function commonSize(values: readonly GraphValue[], axis: number): number | undefined {
  const sizes = new Set(values.flatMap(({ dims }) => (typeof dims[axis] === 'number' ? dims[axis] : [])));
  if (sizes.size <= 1) return [...sizes][0];
  throw unsupported({ axis, sizes: [...sizes], of: values[0]?.name });
}

function commonFloat(values: readonly GraphValue[]): FloatType {
  const types = new Set(values.map(({ type }) => type));
  const [type] = types;
  if (types.size === 1 && (type === 'float32' || type === 'float16')) return type;
  throw unsupported({ types: [...types], of: values[0]?.name });
}

function withoutMissing(sizes: Readonly<Record<string, number | undefined>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(sizes).flatMap(([name, size]) => (size === undefined ? [] : [[name, size]])),
  );
}

function unsupported(data: Readonly<Record<string, unknown>>): CodedError {
  const message = 'The model graph does not follow the onnx-community convention that this engine drives.';
  return new CodedError('model_unsupported', message, data);
}
