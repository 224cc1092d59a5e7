import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { errorBody } from '../../../../src/core/errors.ts';
import { type ByteSource, memorySource } from '../../../../src/protocol/model/byte-source.ts';
import { type DecoderFacts, readDecoderFacts } from '../../../../src/protocol/model/decoder-facts.ts';
import { OnnxWriter } from '../../../../src/sim/decoder/onnx-writer.ts';
import { createSyntheticDecoder } from '../../../../src/sim/decoder/synthetic-decoder.ts';

const read = (graph: Uint8Array): Promise<DecoderFacts> => readDecoderFacts(memorySource(graph));
const THIN = { vocab: 512, hidden: 64, intermediate: 64, context: 32 };

describe('the facts of a decoder', () => {
  it('are those of a graph that another program wrote', async () => {
    const graph = await readFile(
      new URL('../../../../public/models/shakespeare-1m/model_q4.onnx', import.meta.url),
    );
    expect(await read(graph)).toEqual({
      layers: 4,
      kvHeads: 2,
      headDim: 32,
      vocab: 2048,
      positions: 1024,
      cacheType: 'float32',
      logitsType: 'float32',
      hasPositions: true,
      hasKept: false,
      halfPrecision: false,
      normsInAttention: false,
      files: [],
      // What the manifest of training/package.py counts with, as `onnx` reads it.
      weightBytes: 760_352,
      copiedBytes: 0,
      largestTensor: { name: 'embedding.codes', bytes: 131_072 },
    });
  });

  it('name half precision and the files of weights', async () => {
    const options = { dtype: 'q4f16', external: 'model_q4f16.onnx_data' } as const;
    const { graph, data } = createSyntheticDecoder('qwen3-0.6b', options, THIN);
    const facts = await read(graph);
    expect(facts).toMatchObject({
      layers: 2,
      kvHeads: 8,
      headDim: 128,
      vocab: 512,
      hasPositions: false,
      cacheType: 'float16',
      logitsType: 'float16',
      halfPrecision: true,
      files: ['model_q4f16.onnx_data'],
    });
    expect(facts.weightBytes).toBeGreaterThan(data[0]!.content.length * 0.9);
  });

  it('F2 are read without the weights', async () => {
    const { graph } = createSyntheticDecoder('smollm2-135m', { dtype: 'fp32' }, { vocab: 8192 });
    let asked = 0;
    const source: ByteSource = {
      size: graph.length,
      read: async (at, length) => {
        asked += length;
        return graph.subarray(at, at + length);
      },
    };
    expect(await readDecoderFacts(source)).toEqual(await read(graph));
    expect(asked).toBeLessThan(graph.length / 20);
  });
});

describe('a hostile graph', () => {
  const { graph } = createSyntheticDecoder(
    'smollm2-135m',
    { dtype: 'q4' },
    { ...THIN, heads: 1, kvHeads: 1 },
  );

  it('is refused wherever it is cut off', async () => {
    for (const share of [0, 0.01, 0.3, 0.9, 0.999]) {
      const cut = graph.subarray(0, Math.floor(graph.length * share));
      await expect(read(cut)).rejects.toMatchObject({ code: 'graph_invalid' });
    }
  });

  it('never makes more of a mess than an error with a code', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.nat(graph.length - 1), async (bytes, at) => {
        const changed = graph.slice();
        changed.set(bytes.subarray(0, Math.max(0, graph.length - at)), at);
        for (const attempt of [bytes, changed]) {
          const outcome = await read(attempt).catch((error: unknown) => errorBody(error).code);
          if (typeof outcome === 'string') expect(outcome).toMatch(/^(graph_invalid|model_unsupported)$/);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('is refused for what breaks the convention, by name', async () => {
    const cache = (writer: OnnxWriter, type: 'float32' | 'float16', heads: number): void => {
      for (const kind of ['key', 'value']) {
        writer.input(`past_key_values.0.${kind}`, type, ['batch_size', heads, 'past', 8]);
        writer.output(`present.0.${kind}`, 'float32', ['batch_size', 2, 'total', 8]);
      }
    };
    const build = (parts: (writer: OnnxWriter) => void): Uint8Array => {
      const writer = new OnnxWriter();
      writer.input('input_ids', 'int64', ['batch_size', 'sequence_length']);
      parts(writer);
      return writer.finish('broken').graph;
    };
    await expect(read(build(() => {}))).rejects.toMatchObject({
      code: 'model_unsupported',
      data: { missing: expect.arrayContaining(['attention_mask', 'past_key_values.0.key', 'logits']) },
    });
    const whole = (type: 'float32' | 'float16', heads: number, mask: 'int64' | 'float32' = 'int64') =>
      build((writer) => {
        writer.input('attention_mask', mask, ['batch_size', 'total']);
        cache(writer, type, heads);
        writer.output('logits', 'float32', ['batch_size', 'sequence_length', 16]);
      });
    expect(await read(whole('float32', 2))).toMatchObject({ layers: 1, kvHeads: 2, headDim: 8, vocab: 16 });
    const refused = { code: 'model_unsupported' };
    await expect(read(whole('float16', 2))).rejects.toMatchObject(refused);
    await expect(read(whole('float32', 3))).rejects.toMatchObject({ ...refused, data: { sizes: [3, 2] } });
    await expect(read(whole('float32', 2, 'float32'))).rejects.toMatchObject({
      ...refused,
      data: { types: { attention_mask: 'float32' } },
    });
  });
});
