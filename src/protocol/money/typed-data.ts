import { keccak_256 } from '@noble/hashes/sha3.js';
import { concat, fromHex, type Hex, toHex, utf8 } from '../../core/bytes.ts';

/**
 * EIP-712 digests for flat structs. Written out because it is on the path of every chunk: the type hash and the
 * domain separator are computed once. viem's `hashTypedData` is the oracle in the tests.
 */
export type FieldType =
  | 'bytes32'
  | 'bytes16'
  | 'bytes8'
  | 'address'
  | 'string'
  | `uint${32 | 64 | 128 | 256}`;
export type Struct = Readonly<Record<string, FieldType>>;
export type ValueOf<F extends FieldType> = F extends 'string'
  ? string
  : F extends `uint${number}`
    ? number | bigint
    : Hex;
export type ValuesOf<S extends Struct> = { readonly [K in keyof S]: ValueOf<S[K]> };

export interface Domain {
  readonly name: string;
  readonly version: string;
  readonly chainId?: bigint;
  readonly verifyingContract?: Hex;
}

/** A struct that can be signed: its EIP-712 name and its fields in order. */
export interface TypedStruct<S extends Struct> {
  readonly name: string;
  readonly fields: S;
}

/** A value as one 32-byte word of the ABI: an integer or address to the right, bytes to the left, a string hashed. */
export function word(type: FieldType, value: unknown): Uint8Array {
  if (type === 'string') return keccak_256(utf8(value as string));
  const out = new Uint8Array(32);
  if (type.startsWith('uint')) {
    let rest = BigInt(value as number | bigint);
    for (let i = 31; rest > 0n; i--, rest >>= 8n) out[i] = Number(rest & 0xffn);
    return out;
  }
  const bytes = fromHex(value as string);
  out.set(bytes, type === 'address' ? 12 : 0);
  return out;
}

function typeHash(name: string, fields: Struct): Uint8Array {
  const list = Object.entries(fields).map(([field, type]) => `${type} ${field}`);
  return keccak_256(utf8(`${name}(${list.join(',')})`));
}

function structHash(hash: Uint8Array, fields: Struct, values: Readonly<Record<string, unknown>>): Uint8Array {
  return keccak_256(
    concat(hash, ...Object.entries(fields).map(([field, type]) => word(type, values[field]))),
  );
}

export function domainSeparator(domain: Domain): Uint8Array {
  const fields: Record<string, FieldType> = { name: 'string', version: 'string' };
  if (domain.chainId !== undefined) fields['chainId'] = 'uint256';
  if (domain.verifyingContract !== undefined) fields['verifyingContract'] = 'address';
  return structHash(typeHash('EIP712Domain', fields), fields, { ...domain });
}

const PREFIX = new Uint8Array([0x19, 0x01]);

/** A function from values to the 32-byte digest that a wallet signs. */
export function digester<S extends Struct>(
  domain: Domain,
  struct: TypedStruct<S>,
): (values: ValuesOf<S>) => Hex {
  const separator = domainSeparator(domain);
  const hash = typeHash(struct.name, struct.fields);
  return (values) => toHex(keccak_256(concat(PREFIX, separator, structHash(hash, struct.fields, values))));
}
