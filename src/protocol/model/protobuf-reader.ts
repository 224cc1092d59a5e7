import { CodedError } from '../../core/errors.ts';
import type { ByteSource } from './byte-source.ts';

/** What is read at once: small messages come in one piece, and large ones are skipped. */
const WINDOW = 64 * 1024;
/** No name and no string of a graph is longer. */
const TEXT_MAX = 4096;
/** A graph has some ten thousand: more would be a file that keeps its reader busy. */
const FIELDS_MAX = 1_000_000;

const [VARINT, FIXED64, BYTES, FIXED32] = [0, 1, 2, 5];

/** A field of a message: a number, or where its bytes lie. */
export interface Field {
  readonly number: number;
  /** Of a number; beyond 2^53 it is rounded. */
  readonly value: number;
  /** Of bytes: where they begin and end. */
  readonly from: number;
  readonly to: number;
  readonly isBytes: boolean;
}

/**
 * Walks over protobuf messages in a source, without a schema and without reading what nobody asks for.
 *
 * Errors: `graph_invalid` for anything that is no protobuf, is cut off, or is out of all proportion.
 */
export class ProtobufReader {
  readonly #source: ByteSource;
  #window: Uint8Array = new Uint8Array(0);
  #windowAt = 0;
  #fields = 0;

  constructor(source: ByteSource) {
    this.#source = source;
  }

  /** The fields of the message that lies between `from` and `to`. */
  async *fields(from = 0, to = this.#source.size): AsyncGenerator<Field, void> {
    let at = from;
    while (at < to) {
      if (++this.#fields > FIELDS_MAX) throw invalid('it has too many fields', at);
      const [tag, begin] = await this.#varint(at, to);
      const [number, wireType] = [Math.floor(tag / 8), tag % 8];
      if (number === 0) throw invalid('a field has no number', at);
      const field = await this.#field(number, wireType, begin, to);
      yield field;
      at = field.to;
    }
  }

  async text({ from, to }: Field): Promise<string> {
    if (to - from > TEXT_MAX) throw invalid('a name is too long', from);
    return new TextDecoder().decode(await this.#bytes(from, to - from));
  }

  /** Numbers that were written one after another into one field; a single one is a list, too. */
  async numbers(field: Field): Promise<number[]> {
    if (!field.isBytes) return [field.value];
    if (field.to - field.from > TEXT_MAX) throw invalid('a list is too long', field.from);
    const numbers: number[] = [];
    let at = field.from;
    while (at < field.to) {
      const [value, next] = await this.#varint(at, field.to);
      numbers.push(value);
      at = next;
    }
    return numbers;
  }

  async #field(number: number, wireType: number, at: number, end: number): Promise<Field> {
    if (wireType === VARINT) {
      const [value, to] = await this.#varint(at, end);
      return { number, value, from: at, to, isBytes: false };
    }
    let from = at;
    let length = wireType === FIXED64 ? 8 : 4;
    if (wireType === BYTES) [length, from] = await this.#varint(at, end);
    else if (wireType !== FIXED64 && wireType !== FIXED32) throw invalid('a field has no known type', at);
    if (length > end - from) throw invalid('it is cut off', at);
    return { number, value: 0, from, to: from + length, isBytes: wireType === BYTES };
  }

  /** The number at `at`, and where it ends. Numbers are unsigned: a dimension below zero is none. */
  async #varint(at: number, end: number): Promise<[number, number]> {
    let value = 0;
    for (let i = 0; i < 10; i++) {
      if (at + i >= end) throw invalid('it is cut off', at);
      const byte = this.#has(at + i) ?? (await this.#bytes(at + i, 1))[0]!;
      value += (byte & 0x7f) * 2 ** (7 * i);
      if (byte < 0x80) return [value, at + i + 1];
    }
    throw invalid('a number is too long', at);
  }

  #has(at: number): number | undefined {
    return at >= this.#windowAt ? this.#window[at - this.#windowAt] : undefined;
  }

  async #bytes(at: number, length: number): Promise<Uint8Array> {
    const inWindow = at - this.#windowAt;
    if (inWindow < 0 || inWindow + length > this.#window.length) {
      this.#window = await this.#source.read(at, Math.min(WINDOW, this.#source.size - at));
      this.#windowAt = at;
      if (this.#window.length < length) throw invalid('it is cut off', at);
    }
    return this.#window.subarray(at - this.#windowAt, at - this.#windowAt + length);
  }
}

function invalid(what: string, at: number): CodedError {
  return new CodedError('graph_invalid', `This is no ONNX file: ${what}.`, { at });
}
