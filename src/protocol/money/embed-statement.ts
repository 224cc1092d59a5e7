import { keccak_256 } from '@noble/hashes/sha3.js';
import { concat, type Hex, idBytes, toHex } from '../../core/bytes.ts';
import type { EmbedReceipt } from '../wire/embed.ts';
import { STATEMENT_DOMAIN } from './statements.ts';
import { digester, type TypedStruct } from './typed-data.ts';

const embeddingFields = {
  job: 'bytes16',
  lease: 'uint32',
  provider: 'address',
  manifest: 'bytes32',
  variant: 'string',
  inputsHash: 'bytes32',
  inputs: 'uint32',
  tokens: 'uint32',
  dimensions: 'uint32',
  vectorsHash: 'bytes32',
  nonce: 'bytes32',
  engine: 'string',
  gpuClass: 'string',
  total: 'uint128',
  startedAt: 'uint64',
  endedAt: 'uint64',
} as const;

/** What a provider signs of vectors that it made (rule V2). */
export const EMBEDDING: TypedStruct<typeof embeddingFields> = { name: 'Embedding', fields: embeddingFields };

const digestOfEmbedding = digester(STATEMENT_DOMAIN, EMBEDDING);

export function embedDigest({ model, ...receipt }: EmbedReceipt): Hex {
  const { manifest, variant } = model;
  return digestOfEmbedding({ ...receipt, manifest, variant, total: BigInt(receipt.total) });
}

/** What stands for the inputs: keccak256 of each input's length and ids, in order, as little-endian words. */
export function inputsHash(inputs: readonly (readonly number[])[]): Hex {
  return toHex(keccak_256(concat(...inputs.map((ids) => idBytes([ids.length, ...ids])))));
}

/** What stands for the vectors: keccak256 of their numbers in order, 32-bit little-endian. */
export function vectorsHash(vectors: Uint8Array): Hex {
  return toHex(keccak_256(vectors));
}
