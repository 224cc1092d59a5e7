import { keccak_256 } from '@noble/hashes/sha3.js';
import { type Hex, idBytes, toHex } from '../../core/bytes.ts';
import type { AttemptReceipt, ChunkStatement } from '../wire/job.ts';
import { digester, type Domain, type TypedStruct, type ValuesOf } from './typed-data.ts';

/** Everything a provider's key signs off the chain, under one domain (rule R2). */
export const STATEMENT_DOMAIN: Domain = { name: 'Afterglow', version: '1' };

const helloFields = { relay: 'address', nonce: 'bytes32', account: 'address' } as const;
const chunkFields = {
  job: 'bytes16',
  lease: 'uint32',
  index: 'uint32',
  first: 'uint32',
  count: 'uint32',
  commitment: 'bytes32',
  total: 'uint128',
} as const;
const receiptFields = {
  job: 'bytes16',
  lease: 'uint32',
  provider: 'address',
  manifest: 'bytes32',
  variant: 'string',
  promptHash: 'bytes32',
  promptTokens: 'uint32',
  first: 'uint32',
  count: 'uint32',
  outputHash: 'bytes32',
  finish: 'string',
  specHash: 'bytes32',
  seed: 'bytes8',
  choice: 'uint32',
  nonce: 'bytes32',
  commitment: 'bytes32',
  engine: 'string',
  gpuClass: 'string',
  total: 'uint128',
  startedAt: 'uint64',
  endedAt: 'uint64',
} as const;

export const HELLO: TypedStruct<typeof helloFields> = { name: 'Hello', fields: helloFields };
export const CHUNK: TypedStruct<typeof chunkFields> = { name: 'Chunk', fields: chunkFields };
export const RECEIPT: TypedStruct<typeof receiptFields> = { name: 'Receipt', fields: receiptFields };

export const helloDigest = digester(STATEMENT_DOMAIN, HELLO);
const digestOfChunk = digester(STATEMENT_DOMAIN, CHUNK);
const digestOfReceipt = digester(STATEMENT_DOMAIN, RECEIPT);

export function chunkDigest(chunk: ChunkStatement): Hex {
  return digestOfChunk({ ...chunk, total: BigInt(chunk.total) });
}

/** The flat values of a receipt as they are signed. */
export function receiptValues({ model, ...receipt }: AttemptReceipt): ValuesOf<typeof receiptFields> {
  return { ...receipt, manifest: model.manifest, variant: model.variant, total: BigInt(receipt.total) };
}

export function receiptDigest(receipt: AttemptReceipt): Hex {
  return digestOfReceipt(receiptValues(receipt));
}

/** What stands for prompts and outputs in receipts: keccak256 of the ids as little-endian words. */
export function idsHash(ids: ArrayLike<number>): Hex {
  return toHex(keccak_256(idBytes(ids)));
}
