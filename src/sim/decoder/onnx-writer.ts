import { concat } from '../../core/bytes.ts';
import { ProtobufWriter } from './protobuf-writer.ts';

/** ONNX's numbers for element types. */
const ELEMENTS = { float32: 1, uint8: 2, int32: 6, int64: 7, float16: 10 } as const;
export type ElementType = keyof typeof ELEMENTS;

/** A dimension: a size, or the name of one that a run decides. */
type Dim = number | string;

/** A whole number, or `{ float }` for one that ONNX stores as such. */
export type Attributes = Readonly<Record<string, number | { readonly float: number }>>;

const [FLOAT_ATTRIBUTE, INTEGER_ATTRIBUTE] = [1, 2];
const IR_VERSION = 8;
const OPSET = 17;
const MICROSOFT = 'com.microsoft';
/** Where tensors begin in a file of external data. */
const ALIGNMENT = 64;

export interface OnnxFiles {
  readonly graph: Uint8Array<ArrayBuffer>;
  /** The file that the graph calls by the name given, if one was. */
  readonly data?: Uint8Array<ArrayBuffer>;
}

/** Collects the parts of one ONNX model. */
export class OnnxWriter {
  readonly #graph = new ProtobufWriter();
  readonly #constants: ProtobufWriter[] = [];
  readonly #inputs: ProtobufWriter[] = [];
  readonly #outputs: ProtobufWriter[] = [];
  readonly #external: string | undefined;
  readonly #data: Uint8Array[] = [];
  #dataLength = 0;

  /** @param external name of the file that tensors of more than a kilobyte go to, beside the graph. */
  constructor(external?: string) {
    this.#external = external;
  }

  input(name: string, type: ElementType, dims: readonly Dim[]): string {
    this.#inputs.push(valueInfo(name, type, dims));
    return name;
  }

  output(name: string, type: ElementType, dims: readonly Dim[]): string {
    this.#outputs.push(valueInfo(name, type, dims));
    return name;
  }

  constant(name: string, type: ElementType, dims: readonly number[], data: ArrayBufferView): string {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const tensor = new ProtobufWriter();
    for (const dim of dims) tensor.integer(1, dim);
    tensor.integer(2, ELEMENTS[type]).text(8, name);
    if (this.#external !== undefined && bytes.length > 1024) this.#putOutside(tensor, this.#external, bytes);
    else tensor.bytes(9, bytes);
    this.#constants.push(tensor);
    return name;
  }

  /** Adds a node; returns the name of its first output. An empty name leaves an input or output out. */
  node(
    op: string,
    name: string,
    inputs: readonly string[],
    attributes: Attributes = {},
    outputs: readonly string[] = [`${name}/output_0`],
    domain = '',
  ): string {
    const node = new ProtobufWriter();
    for (const input of inputs) node.text(1, input);
    for (const output of outputs) node.text(2, output);
    node.text(3, name).text(4, op);
    for (const [key, value] of Object.entries(attributes)) node.message(5, attributeOf(key, value));
    if (domain !== '') node.text(7, domain);
    this.#graph.message(1, node);
    return outputs[0] ?? '';
  }

  /** Adds one of ONNX Runtime's own operators. */
  microsoft(
    op: string,
    name: string,
    inputs: readonly string[],
    attributes: Attributes = {},
    outputs?: readonly string[],
  ): string {
    return this.node(op, name, inputs, attributes, outputs, MICROSOFT);
  }

  finish(name: string): OnnxFiles {
    this.#graph.text(2, name);
    for (const constant of this.#constants) this.#graph.message(5, constant);
    for (const input of this.#inputs) this.#graph.message(11, input);
    for (const output of this.#outputs) this.#graph.message(12, output);
    const model = new ProtobufWriter()
      .integer(1, IR_VERSION)
      .text(2, 'afterglow')
      .message(7, this.#graph)
      .message(8, new ProtobufWriter().text(1, '').integer(2, OPSET))
      .message(8, new ProtobufWriter().text(1, MICROSOFT).integer(2, 1));
    const graph = model.toBytes();
    return this.#external === undefined ? { graph } : { graph, data: concat(...this.#data) };
  }

  #putOutside(tensor: ProtobufWriter, location: string, bytes: Uint8Array): void {
    const offset = Math.ceil(this.#dataLength / ALIGNMENT) * ALIGNMENT;
    this.#data.push(new Uint8Array(offset - this.#dataLength), bytes);
    this.#dataLength = offset + bytes.length;
    const where = { location, offset: String(offset), length: String(bytes.length) };
    for (const [key, value] of Object.entries(where)) {
      tensor.message(13, new ProtobufWriter().text(1, key).text(2, value));
    }
    tensor.integer(14, 1);
  }
}

function attributeOf(name: string, value: Attributes[string]): ProtobufWriter {
  const attribute = new ProtobufWriter().text(1, name);
  if (typeof value === 'number') return attribute.integer(3, value).integer(20, INTEGER_ATTRIBUTE);
  return attribute.float(2, value.float).integer(20, FLOAT_ATTRIBUTE);
}

function valueInfo(name: string, type: ElementType, dims: readonly Dim[]): ProtobufWriter {
  const shape = new ProtobufWriter();
  for (const dim of dims) {
    const written = new ProtobufWriter();
    shape.message(1, typeof dim === 'number' ? written.integer(1, dim) : written.text(2, dim));
  }
  const tensor = new ProtobufWriter().integer(1, ELEMENTS[type]).message(2, shape);
  return new ProtobufWriter().text(1, name).message(2, new ProtobufWriter().message(1, tensor));
}
