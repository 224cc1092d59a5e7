/** Draws under every control, made by fast-check: for the samplers of TypeScript and of WGSL. */
import fc from 'fast-check';
import { filterTargets } from '../../src/engine/sampling/filter-targets.ts';
import { LogitAdjustments } from '../../src/engine/sampling/logit-adjustments.ts';
import type { Draw } from '../../src/engine/sampling/logit-sampler.ts';
import type { DecodeSpec } from '../../src/protocol/wire/decode-spec.ts';
import { parseSeed, threefry2x32, uniform24 } from '../../src/protocol/wire/sampling-noise.ts';

/** Everything that one token depends on. */
export interface Turn {
  readonly logits: Float32Array<ArrayBuffer>;
  readonly spec: DecodeSpec;
  /** The output so far. */
  readonly prior: readonly number[];
  readonly allowed: ((id: number) => boolean) | undefined;
  readonly position: number;
  readonly choice: number;
  readonly top: number;
}

const SEED = parseSeed('0x9e3779b97f4a7c15');

/** What a sampler is given for a turn. */
export function drawOf({ logits, spec, prior, allowed, position, choice, top }: Turn): Draw {
  const filter = filterTargets(spec, spec.temperature);
  return {
    temperature: spec.temperature,
    seed: SEED,
    choice,
    position,
    top,
    ...(filter ? { filter } : {}),
    ...(LogitAdjustments.needed(spec) ? { adjustments: new LogitAdjustments(spec, prior) } : {}),
    ...(allowed ? { mask: maskOf(allowed, logits.length) } : {}),
  };
}

function maskOf(allowed: (id: number) => boolean, vocab: number): Uint32Array {
  const mask = new Uint32Array(Math.ceil(vocab / 32));
  for (let id = 0; id < vocab; id++) if (allowed(id)) mask[id >>> 5]! |= 1 << (id & 31);
  return mask;
}

/** Bell-shaped logits, so that several ids are in the running. */
export function bellLogits(vocab: number, seed: number, width = 3): Float32Array<ArrayBuffer> {
  const words = new Uint32Array(2);
  return Float32Array.from({ length: vocab }, (_, i) => {
    threefry2x32(seed, 7, i, 0, words);
    const radius = Math.sqrt(-2 * Math.log(uniform24(words[0]!) / 2 ** 24));
    return width * radius * Math.cos((2 * Math.PI * words[1]!) / 2 ** 32) - 4;
  });
}

/** Shapes of distributions: like a model's, with many ties, flat, with many that are nearly equal, sure of one id, and with ids far below the others. */
const SHAPES: readonly ((logits: Float32Array<ArrayBuffer>) => Float32Array<ArrayBuffer>)[] = [
  (logits) => logits,
  (logits) => logits.map((z) => Math.round(z)),
  (logits) => logits.map((z) => Math.round(8 * z) / 8),
  (logits) => logits.map(() => 0.25),
  (logits) => logits.map((z) => z * 1e-3),
  (logits) => logits.map((z, i) => Math.round(z) + (i % 5) * 2e-5),
  (logits) => logits.map((z, i) => (i === logits.length >> 1 ? 20 : z)),
  (logits) => logits.map((z, i) => (i % 3 === 1 ? -1e4 + z : z)),
  (logits) => logits.map((z, i) => (i % 7 === 2 ? 0 : i % 7 === 3 ? -0 : z)),
];

const off = <T>(value: T, ...others: fc.Arbitrary<T>[]): fc.Arbitrary<T> =>
  fc.oneof(fc.constant(value), ...others);
const between = (min: number, max: number): fc.Arbitrary<number> => fc.double({ min, max, noNaN: true });

/** Temperatures, filters, penalties and biases of every kind, each off about as often as not. */
function specs(vocab: number): fc.Arbitrary<DecodeSpec> {
  const id = fc.integer({ min: 0, max: vocab - 1 });
  const biases = fc.uniqueArray(fc.tuple(id, between(-100, 100)), {
    maxLength: 40,
    selector: ([biased]) => biased,
  });
  return fc.record({
    version: fc.constant(2 as const),
    temperature: fc.oneof(fc.constantFrom(0, 0.05, 0.7, 1, 2), between(0.01, 2)),
    topP: off(1, fc.constantFrom(1e-9, 0.5, 0.9, 0.95, 0.9999), between(1e-3, 1)),
    topK: off(0, fc.constantFrom(1, 2, 20, 40), fc.integer({ min: 1, max: 2 * vocab })),
    minP: off(0, fc.constantFrom(0.05, 0.1, 1), between(0, 1)),
    frequencyPenalty: off(0, between(-2, 2)),
    presencePenalty: off(0, between(-2, 2)),
    logitBias: off([], biases).map((bias) => [...bias].sort(([a], [b]) => a - b)),
  });
}

/** @param vocab of all of them, or a largest one for each to have its own */
export function turns({ vocab, most = 300 }: { vocab?: number; most?: number } = {}): fc.Arbitrary<Turn> {
  const sizes = vocab === undefined ? fc.integer({ min: 2, max: most }) : fc.constant(vocab);
  return sizes.chain((size) =>
    fc
      .record({
        spec: specs(size),
        shape: fc.constantFrom(...SHAPES),
        seed: fc.integer({ min: 0, max: 2 ** 31 }),
        // Few ids, so that some come again and again.
        prior: off<number[]>(
          [],
          fc.array(fc.integer({ min: 0, max: Math.min(size, 12) - 1 }), { maxLength: 30 }),
        ),
        allowed: fc.constantFrom(
          undefined,
          undefined,
          (id: number) => id % 2 === 1,
          (id: number) => id === 1,
          (id: number) => id >= size / 2,
        ),
        position: fc.integer({ min: 1, max: 2 ** 20 - 1 }),
        choice: fc.integer({ min: 0, max: 127 }),
        top: fc.constantFrom(0, 4, 5, 20),
      })
      .map(({ shape, seed, ...turn }) => ({ ...turn, logits: shape(bellLogits(size, seed)) })),
  );
}

/**
 * The same turn where each logit is off by at most so much: by chance, or the greater ones up and the others down, which
 * is what moves masses most.
 */
export function disturb(turn: Turn, seed: number, most: number): Turn {
  const words = new Uint32Array(2);
  const pivot = turn.logits[seed % turn.logits.length]!;
  const tilt = (seed % 3) - 1;
  const logits = turn.logits.map((z, i) => {
    threefry2x32(seed, 11, i, 0, words);
    return z + most * (tilt === 0 ? (words[0]! % 3) - 1 : z > pivot ? tilt : -tilt);
  });
  return { ...turn, logits };
}
