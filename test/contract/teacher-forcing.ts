/** Runs decoders over given tokens, to compare what backends compute. */
import { Batch } from '../../src/engine/onnx/batch.ts';
import { type Decoder, type DecoderShape, shapeOf } from '../../src/engine/onnx/decoder.ts';
import type { Draw } from '../../src/engine/sampling/logit-sampler.ts';
import { memorySource } from '../../src/protocol/model/byte-source.ts';
import { readDecoderFacts } from '../../src/protocol/model/decoder-facts.ts';
import type { ModelManifest } from '../../src/protocol/wire/model-manifest.ts';
import type { Sample } from '../../src/protocol/wire/sample.ts';
import { parseSeed } from '../../src/protocol/wire/sampling-noise.ts';

/** What a decoder is made with, as the engine finds it out. */
export async function readShape(
  graph: Uint8Array,
  manifest: ModelManifest,
  slots: number,
  context?: number,
): Promise<DecoderShape> {
  return shapeOf(await readDecoderFacts(memorySource(graph)), manifest, slots, context);
}

export interface Forced {
  readonly position: number;
  readonly logits: Float32Array;
  /** What would have been drawn here, at temperature 0.8. */
  readonly sample: Sample;
}

/**
 * Prefills `tokens` up to `from` in pieces, then feeds one at a time. All rows of the batch are fed the same; the last
 * row is looked at.
 */
export async function forceTokens(
  decoder: Decoder,
  tokens: readonly number[],
  { from = 0, to = tokens.length, rows = 1, piece = 64 } = {},
): Promise<Forced[]> {
  for (let row = 0; row < rows; row++) {
    for (let first = 0; first < from; first += piece) {
      const count = Math.min(piece, from - first);
      await decoder.prefill(row, tokens, first, count);
    }
  }
  const batch = new Batch(rows);
  const forced: Forced[] = [];
  for (let position = from; position < to; position++) {
    const draw: Draw = {
      temperature: 0.8,
      seed: parseSeed('0x00000000c0ffee00'),
      choice: 0,
      position: position + 1,
    };
    batch.rows = rows;
    batch.tokens.fill(tokens[position]!);
    batch.positions.fill(position);
    batch.draws.fill(draw);
    await decoder.step(batch);
    forced.push({ position, logits: await decoder.readLogits(rows - 1), sample: batch.samples[rows - 1]! });
  }
  return forced;
}

/** The largest difference of any logit, at the positions that both have. */
export function greatestDifference(a: readonly Forced[], b: readonly Forced[]): number {
  let greatest = 0;
  for (const { position, logits } of a) {
    const other = b.find((entry) => entry.position === position);
    other?.logits.forEach((value, id) => (greatest = Math.max(greatest, Math.abs(value - logits[id]!))));
  }
  return greatest;
}

/** Positions at which different tokens were drawn, with the smaller of the two margins. */
export function differentChoices(
  a: readonly Forced[],
  b: readonly Forced[],
): { position: number; margin: number }[] {
  return a.flatMap(({ position, sample }) => {
    const other = b.find((entry) => entry.position === position)?.sample;
    if (!other || other.id === sample.id) return [];
    return [{ position, margin: Math.min(other.margin, sample.margin) }];
  });
}
