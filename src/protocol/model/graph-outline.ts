import { CodedError } from '../../core/errors.ts';
import type { ByteSource } from './byte-source.ts';
import { type Field, ProtobufReader } from './protobuf-reader.ts';

/** ONNX's numbers for the element types that decoders have, with the bytes of one. */
const TYPES: Readonly<Record<number, readonly [name: string, bytes: number]>> = {
  1: ['float32', 4],
  2: ['uint8', 1],
  3: ['int8', 1],
  6: ['int32', 4],
  7: ['int64', 8],
  9: ['bool', 1],
  10: ['float16', 2],
  11: ['float64', 8],
  16: ['bfloat16', 2],
  21: ['uint4', 0.5],
  22: ['int4', 0.5],
};

/** An input or output of the graph. A dimension that a run decides has a name, or nothing. */
export interface GraphValue {
  readonly name: string;
  readonly type: string;
  readonly dims: readonly (number | string | undefined)[];
}

/** A stored tensor, by what the graph says of it: its bytes are not read. */
export interface GraphTensor {
  readonly name: string;
  readonly type: string;
  readonly dims: readonly number[];
  readonly bytes: number;
  /** The file that it lies in, as the graph calls it; nothing where it lies in the graph. */
  readonly file?: string;
}

/** A node, by what it computes and of what; an input that is left out has an empty name. */
export interface GraphNode {
  readonly operator: string;
  readonly inputs: readonly string[];
}

/** What a graph takes, gives and stores. */
export interface GraphOutline {
  readonly inputs: readonly GraphValue[];
  readonly outputs: readonly GraphValue[];
  readonly tensors: readonly GraphTensor[];
  readonly nodes: readonly GraphNode[];
}

/** Field numbers of ONNX's messages. */
const MODEL = { graph: 7 };
const GRAPH = { node: 1, tensor: 5, input: 11, output: 12 };
const NODE = { input: 1, operator: 4 };
const TENSOR = { dims: 1, type: 2, name: 8, external: 13 };
const ENTRY = { key: 1, value: 2 };
const VALUE = { name: 1, type: 2 };
const TYPE = { tensor: 1 };
const TENSOR_TYPE = { element: 1, shape: 2 };
const SHAPE = { dim: 1 };
const DIM = { size: 1, name: 2 };

/**
 * Reads what an ONNX file says of itself, and none of its weights.
 * @throws CodedError `graph_invalid`
 */
export async function readOutline(source: ByteSource): Promise<GraphOutline> {
  const reader = new ProtobufReader(source);
  for await (const field of reader.fields()) {
    if (field.number === MODEL.graph && field.isBytes) return readGraph(reader, field);
  }
  throw new CodedError('graph_invalid', 'This is no ONNX file: it has no graph.');
}

async function readGraph(reader: ProtobufReader, { from, to }: Field): Promise<GraphOutline> {
  const [inputs, outputs, tensors]: [GraphValue[], GraphValue[], GraphTensor[]] = [[], [], []];
  const nodes: GraphNode[] = [];
  for await (const field of reader.fields(from, to)) {
    if (field.number === GRAPH.node) nodes.push(await readNode(reader, field));
    else if (field.number === GRAPH.tensor) tensors.push(await readTensor(reader, field));
    else if (field.number === GRAPH.input) inputs.push(await readValue(reader, field));
    else if (field.number === GRAPH.output) outputs.push(await readValue(reader, field));
  }
  // Older files list what is stored among the inputs, too.
  const stored = new Set(tensors.map(({ name }) => name));
  return { inputs: inputs.filter(({ name }) => !stored.has(name)), outputs, tensors, nodes };
}

async function readNode(reader: ProtobufReader, { from, to }: Field): Promise<GraphNode> {
  let operator = '';
  const inputs: string[] = [];
  for await (const field of reader.fields(from, to)) {
    if (field.number === NODE.operator) operator = await reader.text(field);
    else if (field.number === NODE.input) inputs.push(await reader.text(field));
  }
  return { operator, inputs };
}

async function readTensor(reader: ProtobufReader, { from, to }: Field): Promise<GraphTensor> {
  const dims: number[] = [];
  let [name, type] = ['', 0];
  let file: string | undefined;
  for await (const field of reader.fields(from, to)) {
    if (field.number === TENSOR.dims) dims.push(...(await reader.numbers(field)));
    else if (field.number === TENSOR.type) type = field.value;
    else if (field.number === TENSOR.name) name = await reader.text(field);
    else if (field.number === TENSOR.external) file ??= await readLocation(reader, field);
  }
  const elements = dims.reduce((product, dim) => product * dim, 1);
  const bytes = Math.ceil(elements * (TYPES[type]?.[1] ?? 1));
  return { name, type: typeName(type), dims, bytes, ...(file === undefined ? {} : { file }) };
}

/** The value of an entry that says where a tensor lies; the others say which part of that file it is. */
async function readLocation(reader: ProtobufReader, { from, to }: Field): Promise<string | undefined> {
  let [key, value] = ['', ''];
  for await (const field of reader.fields(from, to)) {
    if (field.number === ENTRY.key) key = await reader.text(field);
    else if (field.number === ENTRY.value) value = await reader.text(field);
  }
  return key === 'location' ? value : undefined;
}

async function readValue(reader: ProtobufReader, { from, to }: Field): Promise<GraphValue> {
  let name = '';
  let found = { type: 'unknown', dims: [] as GraphValue['dims'] };
  for await (const field of reader.fields(from, to)) {
    if (field.number === VALUE.name) name = await reader.text(field);
    else if (field.number === VALUE.type) found = await readType(reader, field);
  }
  return { name, ...found };
}

async function readType(reader: ProtobufReader, outer: Field): Promise<Pick<GraphValue, 'type' | 'dims'>> {
  let type = 0;
  const dims: (number | string | undefined)[] = [];
  for await (const kind of reader.fields(outer.from, outer.to)) {
    if (kind.number !== TYPE.tensor) continue;
    for await (const field of reader.fields(kind.from, kind.to)) {
      if (field.number === TENSOR_TYPE.element) type = field.value;
      if (field.number !== TENSOR_TYPE.shape) continue;
      for await (const dim of reader.fields(field.from, field.to)) {
        if (dim.number === SHAPE.dim) dims.push(await readDim(reader, dim));
      }
    }
  }
  return { type: typeName(type), dims };
}

async function readDim(reader: ProtobufReader, { from, to }: Field): Promise<number | string | undefined> {
  let dim: number | string | undefined;
  for await (const field of reader.fields(from, to)) {
    if (field.number === DIM.size) dim = field.value;
    else if (field.number === DIM.name) dim = await reader.text(field);
  }
  return dim;
}

function typeName(type: number): string {
  return TYPES[type]?.[0] ?? `type ${type}`;
}
