import { type Clock, sleep } from '../core/clock.ts';
import type { Embedder } from '../engine/embedder.ts';
import { threefry2x32 } from '../protocol/wire/sampling-noise.ts';
import { SIM_ENCODER } from './sim-model.ts';

export interface SimEmbedderOptions {
  readonly clock: Clock;
  /** What an input token takes. */
  readonly tokenMs: number;
}

/** The simulation's embedder: no model, but the same contract, and vectors that depend on every id. */
export function createSimEmbedder({ clock, tokenMs }: SimEmbedderOptions): Embedder {
  const { dimensions, leastDimensions } = SIM_ENCODER.embedding;
  const capabilities: Embedder['capabilities'] = {
    name: 'onnx',
    version: 'sim',
    backend: 'cpu',
    software: true,
    gpuClass: 'sim',
    context: SIM_ENCODER.context,
    vocab: SIM_ENCODER.vocab,
    dimensions,
    leastDimensions,
  };
  let tokens = 0;
  let active = 0;
  return {
    capabilities,
    async embed(request) {
      const count = request.inputs.reduce((sum, { length }) => sum + length, 0);
      active++;
      try {
        await sleep(clock, count * tokenMs, request.signal);
      } finally {
        active--;
      }
      tokens += count;
      return request.inputs.map((ids) => simVector(ids, request.dimensions));
    },
    timings: () => ({ active, waiting: 0, worstStepMs: tokenMs, stepMs: tokenMs, tokens }),
    close: async () => {},
  };
}

/** The one right vector of an input, whoever makes it. */
export function simVector(
  ids: readonly number[],
  dimensions: number = SIM_ENCODER.embedding.dimensions,
): Float32Array {
  const key = Uint32Array.of(ids.length, 0);
  for (const id of ids) threefry2x32(key[0]!, key[1]!, id, 0, key);
  const words = new Uint32Array(2);
  const vector = Float32Array.from({ length: dimensions }, (_, i) => {
    threefry2x32(key[0]!, key[1]!, i, 1, words);
    return words[0]! / 2 ** 31 - 1;
  });
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}
