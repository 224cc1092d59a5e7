import { CodedError } from '../../core/errors.ts';
import { Batch } from './batch.ts';
import type { Decoder, DecoderShape } from './decoder.ts';
import { trialDraw } from './warm-up.ts';

/** Enough tokens that attention takes its kernel for long prompts (from 32 on), and several of the short one's pieces. */
const LENGTH = 40;
const SHORT_PIECE = 16;

/**
 * Sound backends differ by less than 2e-5 here; the faults seen in the field are above 4e-2. In half precision a logit
 * of 16 has neighbours at a distance of 1.6e-2, and sound CPU backends differ by that.
 */
const TOLERANCE = { float32: 5e-3, float16: 0.25 };

/**
 * Runs one prompt in two ways that take different kernels, and compares the logits. Drivers and kernels that compute
 * wrongly on some GPU exist (see `gpu-device.ts` for one): better to find out now than to be paid for nonsense.
 *
 * @throws CodedError `gpu_miscomputes`
 */
export async function testDecoder(
  decoder: Decoder,
  { context, vocab, cacheType }: DecoderShape,
): Promise<void> {
  const length = Math.min(LENGTH, context - 1);
  const tokens = Array.from({ length: length + 1 }, (_, i) => (i * 7919 + 13) % vocab);
  const whole = await logitsAfter(decoder, tokens, length, length);
  const pieced = await logitsAfter(decoder, tokens, length, SHORT_PIECE);
  let difference = 0;
  for (const [id, logit] of whole.entries()) difference = Math.max(difference, Math.abs(logit - pieced[id]!));
  // Written so that NaN fails, too.
  if (difference <= TOLERANCE[cacheType]) return;
  const message = 'This GPU computes the model wrongly: the same prompt gave different results.';
  throw new CodedError('gpu_miscomputes', message, { difference, gpuClass: decoder.gpuClass });
}

async function logitsAfter(
  decoder: Decoder,
  tokens: readonly number[],
  length: number,
  piece: number,
): Promise<Float32Array> {
  for (let first = 0; first < length; first += piece) {
    const count = Math.min(piece, length - first);
    await decoder.prefill(0, tokens, first, count);
  }
  const batch = new Batch(1);
  batch.rows = 1;
  batch.tokens[0] = tokens[length]!;
  batch.positions[0] = length;
  batch.draws[0] = trialDraw(length + 1);
  await decoder.step(batch);
  return decoder.readLogits(0);
}
