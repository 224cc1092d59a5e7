import { concat } from '../../core/bytes.ts';

/**
 * One protobuf message, written field by field. Bytes are kept where they lie until `toBytes`, so a message of a
 * gigabyte is copied once.
 */
export class ProtobufWriter {
  readonly #parts: Uint8Array[] = [];
  #length = 0;

  /** A varint; negative numbers as 64-bit two's complement. */
  integer(field: number, value: number | bigint): this {
    return this.#push(varint(tagOf(field, 0)), varint(value));
  }

  float(field: number, value: number): this {
    return this.#push(varint(tagOf(field, 5)), new Uint8Array(new Float32Array([value]).buffer));
  }

  bytes(field: number, value: Uint8Array): this {
    return this.#push(varint(tagOf(field, 2)), varint(value.length), value);
  }

  text(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value));
  }

  message(field: number, value: ProtobufWriter): this {
    return this.#push(varint(tagOf(field, 2)), varint(value.#length), ...value.#parts);
  }

  toBytes(): Uint8Array<ArrayBuffer> {
    return concat(...this.#parts);
  }

  #push(...parts: readonly Uint8Array[]): this {
    for (const part of parts) {
      this.#parts.push(part);
      this.#length += part.length;
    }
    return this;
  }
}

function tagOf(field: number, wireType: number): number {
  return field * 8 + wireType;
}

function varint(value: number | bigint): Uint8Array {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  do {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    bytes.push(rest > 0n ? low | 0x80 : low);
  } while (rest > 0n);
  return Uint8Array.from(bytes);
}
