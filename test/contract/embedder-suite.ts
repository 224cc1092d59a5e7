/** What every embedder must do (src/engine/embedder.ts), as tests that run in Node and in a browser. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Embedder, EmbedRequest } from '../../src/engine/embedder.ts';
import type { OnnxEmbedderOptions } from '../../src/engine/onnx/onnx-embedder.ts';

/** `test/vectors/embeddings-shakespeare-embed.json`: numbers of PyTorch. */
export interface EmbeddingVectors {
  readonly inputs: readonly { readonly text: string; readonly ids: readonly number[] }[];
  readonly mean: Readonly<Record<'fp32' | 'q4', readonly (readonly number[])[]>>;
  readonly cls: readonly (readonly number[])[];
  readonly cut: { readonly dimensions: number; readonly mean: readonly (readonly number[])[] };
}

/** How far a number of a vector of length 1 may be from PyTorch's. */
export const VECTOR_TOLERANCE = 1e-4;
/** And from the same backend's, whatever stood beside it in its pass. */
const BATCH_TOLERANCE = 1e-5;

export interface EmbedderSuite {
  readonly vectors: EmbeddingVectors;
  /** Makes an embedder of `shakespeare-embed`. */
  readonly create: (
    variant: 'fp32' | 'q4',
    options?: Pick<OnnxEmbedderOptions, 'pooling' | 'batchTokens'>,
  ) => Promise<Embedder>;
  /** Inputs of the longer call: fewer where a pass takes half a second. */
  readonly many?: number;
  readonly timeout?: number;
}

export function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let greatest = a.length === b.length ? 0 : Number.POSITIVE_INFINITY;
  for (let i = 0; i < a.length; i++) greatest = Math.max(greatest, Math.abs(a[i]! - b[i]!));
  return greatest;
}

function expectVectors(
  actual: readonly Float32Array[],
  expected: readonly ArrayLike<number>[],
  tolerance: number,
): void {
  expect(actual).toHaveLength(expected.length);
  for (const [i, vector] of actual.entries())
    expect(distance(vector, expected[i]!), `vector ${i}`).toBeLessThan(tolerance);
}

export function describeEmbedder(
  name: string,
  { create, vectors, many: count = 24, timeout = 20_000 }: EmbedderSuite,
): void {
  const inputs = vectors.inputs.map(({ ids }) => ids);

  describe(`${name} embedder`, { timeout }, () => {
    let embedder: Embedder;
    let whole: Float32Array[];

    beforeAll(async () => {
      embedder = await create('fp32');
      whole = await embedder.embed({ inputs });
    }, timeout);
    afterAll(() => embedder.close());

    it('V4 gives the vectors that PyTorch gives, of inputs of very different lengths at once', () => {
      expectVectors(whole, vectors.mean.fp32, VECTOR_TOLERANCE);
      for (const vector of whole) expect(Math.hypot(...vector)).toBeCloseTo(1, 5);
    });

    it('V4 does so with four-bit weights', async () => {
      const quantised = await create('q4');
      expectVectors(await quantised.embed({ inputs }), vectors.mean.q4, VECTOR_TOLERANCE);
      await quantised.close();
    });

    it('V4 takes the first token’s state where the model says so', async () => {
      const first = await create('fp32', { pooling: 'cls' });
      const some = inputs.slice(0, vectors.cls.length);
      expectVectors(await first.embed({ inputs: some }), vectors.cls, VECTOR_TOLERANCE);
      await first.close();
    });

    it('V4 cuts vectors and brings them to length 1 again', async () => {
      const { dimensions, mean } = vectors.cut;
      const cut = await embedder.embed({ inputs: inputs.slice(0, mean.length), dimensions });
      expectVectors(cut, mean, VECTOR_TOLERANCE);
    });

    it('gives an input the same vector alone and beside others', async () => {
      for (const [i, ids] of inputs.slice(0, 3).entries()) {
        const [alone] = await embedder.embed({ inputs: [ids] });
        expect(distance(alone!, whole[i]!)).toBeLessThan(BATCH_TOLERANCE);
      }
    });

    it('keeps the order over many passes, and serves calls at the same time', async () => {
      const small = await create('fp32', { batchTokens: 64 });
      const many = Array.from({ length: count }, (_, i) => inputs[(i * 7) % 3]!);
      const [first, second] = await Promise.all([
        small.embed({ inputs: many }),
        small.embed({ inputs: inputs.slice(0, 2) }),
      ]);
      expectVectors(
        first,
        many.map((_, i) => whole[(i * 7) % 3]!),
        BATCH_TOLERANCE,
      );
      expectVectors(second, whole.slice(0, 2), BATCH_TOLERANCE);
      await small.close();
    });

    it.each<[string, EmbedRequest]>([
      ['inputs_empty', { inputs: [] }],
      ['input_empty', { inputs: [[0], []] }],
      ['token_invalid', { inputs: [[0, -1]] }],
      ['token_invalid', { inputs: [[0, 2048]] }],
      ['token_invalid', { inputs: [[0.5]] }],
      ['context_exceeded', { inputs: [Array.from({ length: 513 }, () => 1)] }],
      ['dimensions_unsupported', { inputs: [[0]], dimensions: 63 }],
      ['dimensions_unsupported', { inputs: [[0]], dimensions: 257 }],
      ['dimensions_unsupported', { inputs: [[0]], dimensions: 64.5 }],
    ])('refuses a bad request: %s', async (code, request) => {
      await expect(embedder.embed(request)).rejects.toMatchObject({ code });
    });

    it('drops a call that is aborted, and no other', async () => {
      const abort = new AbortController();
      const dropped = embedder.embed({ inputs, signal: abort.signal }).catch((error: unknown) => error);
      const kept = embedder.embed({ inputs: inputs.slice(0, 1) });
      abort.abort();
      expect(await dropped).toMatchObject({ code: 'aborted' });
      expectVectors(await kept, whole.slice(0, 1), BATCH_TOLERANCE);
      const late = embedder.embed({ inputs, signal: AbortSignal.abort() });
      await expect(late).rejects.toMatchObject({ code: 'aborted' });
      expect(embedder.timings()).toMatchObject({ active: 0, waiting: 0 });
    });

    it('tells how long passes take', () => {
      const { stepMs, worstStepMs, tokens } = embedder.timings();
      expect(stepMs).toBeGreaterThan(0);
      expect(worstStepMs).toBeGreaterThanOrEqual(stepMs);
      expect(tokens).toBeGreaterThan(inputs.flat().length);
    });

    it('ends its calls when it is closed, and takes none after', async () => {
      const running = [1, 2].map(() => embedder.embed({ inputs }));
      const ends = running.map((call) => expect(call).rejects.toMatchObject({ code: 'engine_closed' }));
      await Promise.all([embedder.close(), embedder.close()]);
      await Promise.all(ends);
      await expect(embedder.embed({ inputs })).rejects.toMatchObject({ code: 'engine_closed' });
    });
  });
}
