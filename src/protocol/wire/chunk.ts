import { keccak_256 } from '@noble/hashes/sha3.js';
import { concat, fromHex, type Hex, toHex, utf8 } from '../../core/bytes.ts';
import { CodedError } from '../../core/errors.ts';
import { fromHalf, toHalf } from '../../core/half.ts';
import { CHUNK_TOKENS } from '../constants.ts';
import type { AttemptRef } from './job.ts';
import { PROJECTION_WIDTH } from './projection.ts';
import { type Sample, TOP_COUNT } from './sample.ts';

/**
 * A chunk's leaf: what its samples were, in the one byte form that is hashed (rule C2). Per token, little-endian:
 * id u32, logprob f16, TOP_COUNT x (id u32, logprob f16), PROJECTION_WIDTH x f16.
 */
const TOKEN_BYTES = 4 + 2 + TOP_COUNT * 6 + PROJECTION_WIDTH * 2;

/** A sample as a leaf holds it: rounded to half precision, without the margin. */
export type LeafToken = Omit<Sample, 'margin'>;

export function encodeLeaf(samples: readonly LeafToken[]): Uint8Array {
  const out = new Uint8Array(samples.length * TOKEN_BYTES);
  const view = new DataView(out.buffer);
  let at = 0;
  const id = (value: number): void => {
    view.setUint32(at, value, true);
    at += 4;
  };
  const half = (value: number): void => {
    view.setUint16(at, toHalf(value), true);
    at += 2;
  };
  for (const sample of samples) {
    id(sample.id);
    half(sample.logprob);
    for (let i = 0; i < TOP_COUNT; i++) {
      id(sample.topIds[i] ?? 0);
      half(sample.topLogprobs[i] ?? Number.NEGATIVE_INFINITY);
    }
    for (let i = 0; i < PROJECTION_WIDTH; i++) half(sample.projection[i] ?? 0);
  }
  return out;
}

/** @throws CodedError `leaf_malformed` for a length that no chunk has. */
export function decodeLeaf(bytes: Uint8Array): LeafToken[] {
  const count = bytes.length / TOKEN_BYTES;
  if (!Number.isInteger(count) || count < 1 || count > CHUNK_TOKENS) {
    throw new CodedError('leaf_malformed', 'A leaf has a length that no chunk has.', { bytes: bytes.length });
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;
  const id = (): number => view.getUint32((at += 4) - 4, true);
  const half = (): number => fromHalf(view.getUint16((at += 2) - 2, true));
  return Array.from({ length: count }, () => {
    const token = {
      id: id(),
      logprob: half(),
      topIds: [] as number[],
      topLogprobs: [] as number[],
      projection: [] as number[],
    };
    for (let i = 0; i < TOP_COUNT; i++) {
      token.topIds.push(id());
      token.topLogprobs.push(half());
    }
    for (let i = 0; i < PROJECTION_WIDTH; i++) token.projection.push(half());
    return token;
  });
}

/** The commitment before an attempt's first chunk: it binds the chain to (job, lease). */
export function firstCommitment({ job, lease }: AttemptRef): Hex {
  return toHex(keccak_256(concat(utf8('afterglow/chunk/1'), fromHex(job), new Uint8Array([lease]))));
}

/** The running commitment after a chunk: keccak256(previous, keccak256(leaf)). */
export function nextCommitment(previous: Hex, leaf: Uint8Array): Hex {
  return toHex(keccak_256(concat(fromHex(previous), keccak_256(leaf))));
}
