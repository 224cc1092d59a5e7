import { abortError } from '../../core/errors.ts';
import type { Draw } from '../sampling/logit-sampler.ts';
import { Batch } from './batch.ts';
import type { Decoder, DecoderShape } from './decoder.ts';

/** Lengths of prompt pieces that take different kernels: many tokens, some, two, one. */
const PIECES = [32, 8, 2, 1];

/** Called with the number of sizes that are ready, of all. */
export type WarmUpProgress = (done: number, total: number) => void;

/**
 * Computes pieces and steps of each kind of size once, so that no stream waits for a shader: on a software GPU a first
 * prompt would take four seconds instead of half a one, and a stream that moves here would stand as long.
 *
 * Errors: the decoder's; `aborted`.
 */
export async function warmUp(
  decoder: Decoder,
  { context, slots }: DecoderShape,
  piece: number,
  progress: WarmUpProgress,
  signal?: AbortSignal,
): Promise<void> {
  const sizes = new Set([piece, ...PIECES].filter((size) => size < context));
  const rows: number[] = [];
  for (let count = 1; count < slots; count *= 2) rows.push(count);
  rows.push(slots);
  const total = sizes.size + rows.length;
  let done = 0;
  const tell = (): void => {
    progress(done++, total);
    if (signal?.aborted) throw abortError(signal);
  };
  const tokens = Array.from({ length: context }, () => 0);
  for (const size of sizes) {
    tell();
    await decoder.prefill(0, tokens, 0, size);
  }
  const batch = new Batch(slots);
  batch.draws.fill(trialDraw(1));
  for (const count of rows) {
    tell();
    batch.rows = count;
    await decoder.step(batch);
  }
  progress(total, total);
}

/** A draw whose token nobody wants. */
export function trialDraw(position: number): Draw {
  return { temperature: 1, seed: { low: 0, high: 0 }, choice: 0, position };
}
