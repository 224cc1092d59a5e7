import { toHalf } from '../../core/half.ts';
import type { OnnxWriter } from './onnx-writer.ts';
import { RandomWeights } from './random-weights.ts';

export interface WeightOptions {
  /** What activations, scales and tables are. */
  readonly type: 'float32' | 'float16';
  /** Whether matrices have four bits, in blocks of 32 along the input. */
  readonly quantized: boolean;
  readonly zeroPoints: boolean;
  readonly seed: number;
}

/** Where a product reads its matrix, and where it writes. */
interface ProductOptions {
  /** Deviation of the results, if that of the inputs is 1. */
  readonly gain?: number;
  readonly output?: string;
  /** The matrix is there already, under this product's name. */
  readonly written?: boolean;
}

export const BLOCK = 32;
/** Of the codes 0 to 15, all alike likely. */
const CODE_DEVIATION = 4.61;

/** Writes a decoder's constants, random ones in the type and format of its variant, and the products with them. */
export class DecoderWeights {
  readonly #writer: OnnxWriter;
  readonly #options: WeightOptions;
  readonly #random: RandomWeights;
  readonly #integers = new Set<string>();

  constructor(writer: OnnxWriter, options: WeightOptions) {
    [this.#writer, this.#options] = [writer, options];
    this.#random = new RandomWeights(options.seed);
  }

  /** `x` [.., inputs] times a random matrix of the variant's format. */
  product(name: string, x: string, inputs: number, outputs: number, options: ProductOptions = {}): string {
    const { gain = 1, output = `${name}/output_0`, written = false } = options;
    const stem = name.slice(1).replaceAll('/', '.');
    if (!this.#options.quantized) {
      const matrix = this.random(`${stem}.weight`, [inputs, outputs], gain / Math.sqrt(inputs));
      return this.#writer.node('MatMul', name, [x, matrix], {}, [output]);
    }
    const stored = written ? this.#fourBitNames(stem) : this.fourBits(stem, inputs, outputs, gain);
    const attributes = { K: inputs, N: outputs, bits: 4, block_size: BLOCK };
    return this.#writer.microsoft('MatMulNBits', `${name}_Q4`, [x, ...stored], attributes, [output]);
  }

  /**
   * Codes [outputs, blocks, 16], scales [outputs, blocks] and, where wanted, zero points of 7 and 8, two to a byte.
   * @returns their names
   */
  fourBits(stem: string, inputs: number, outputs: number, gain: number): string[] {
    const blocks = inputs / BLOCK;
    const names = this.#fourBitNames(stem);
    const [codes = '', scales = '', zeros] = names;
    const bytes = this.#random.bytes((outputs * inputs) / 2);
    this.#writer.constant(codes, 'uint8', [outputs, blocks, BLOCK / 2], bytes);
    const scale = gain / Math.sqrt(inputs) / CODE_DEVIATION;
    this.random(scales, [outputs, blocks], scale / 8, scale);
    if (zeros === undefined) return names;
    const rowBytes = Math.ceil(blocks / 2);
    const points = this.#random.bytes(outputs * rowBytes).map((byte) => 0x77 + (byte & 0x11));
    this.#writer.constant(zeros, 'uint8', [outputs, rowBytes], points);
    return names;
  }

  random(name: string, dims: readonly number[], deviation: number, mean = 0): string {
    const count = dims.reduce((product, dim) => product * dim, 1);
    const { type } = this.#options;
    const values =
      type === 'float16'
        ? this.#random.halves(count, deviation, mean)
        : this.#random.floats(count, deviation, mean);
    return this.#writer.constant(name, type, dims, values);
  }

  floats(name: string, dims: readonly number[], values: Float32Array): string {
    const { type } = this.#options;
    const stored = type === 'float16' ? Uint16Array.from(values, toHalf) : values;
    return this.#writer.constant(name, type, dims, stored);
  }

  /** A constant of whole numbers, written once. */
  integer(value: number | readonly number[]): string {
    const name = `/model/constants/INT64/${JSON.stringify(value)}`;
    if (!this.#integers.has(name)) {
      this.#integers.add(name);
      const list = typeof value === 'number' ? [value] : value;
      const dims = typeof value === 'number' ? [] : [list.length];
      this.#writer.constant(name, 'int64', dims, BigInt64Array.from(list, BigInt));
    }
    return name;
  }

  #fourBitNames(stem: string): string[] {
    const names = [`${stem}.weight_Q4G${BLOCK}`, `${stem}.weight_scale`];
    return this.#options.zeroPoints ? [...names, `${stem}.weight_zp`] : names;
  }
}
