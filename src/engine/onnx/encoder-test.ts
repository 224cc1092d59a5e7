import { CodedError } from '../../core/errors.ts';
import type { Encoder } from './encoder.ts';
import { padBatch } from './padded-batch.ts';

/** Sound backends differ by less than 1e-5 of the largest number here. */
const TOLERANCE = 5e-3;

interface EncoderSizes {
  readonly hidden: number;
  readonly vocab: number;
  readonly context: number;
}

/**
 * Runs one input alone and beside a longer one, and compares the states: the padding must not show. It also compiles
 * every shader, so that the first job does not wait for that.
 * @throws CodedError `gpu_miscomputes`
 */
export async function testEncoder(encoder: Encoder, { hidden, vocab, context }: EncoderSizes): Promise<void> {
  const input = (length: number): number[] =>
    Array.from({ length: Math.min(length, context) }, (_, i) => (i * 7919 + 13) % vocab);
  const short = input(24);
  const alone = (await encoder.encode(padBatch([short]))).slice();
  const padded = await encoder.encode(padBatch([short, input(40)]));
  let [difference, greatest] = [0, 0];
  for (let i = 0; i < short.length * hidden; i++) {
    difference = Math.max(difference, Math.abs(alone[i]! - padded[i]!));
    greatest = Math.max(greatest, Math.abs(alone[i]!));
  }
  // Written so that NaN fails, too.
  if (difference <= TOLERANCE * greatest) return;
  const message = 'This GPU computes the model wrongly: the same input gave different results.';
  throw new CodedError('gpu_miscomputes', message, { difference, gpuClass: encoder.gpuClass });
}
