import { expect, it } from 'vitest';
import type { DecoderShape } from '../../../src/engine/onnx/decoder.ts';
import { warmUp } from '../../../src/engine/onnx/warm-up.ts';
import { ScriptedDecoder } from './scripted-decoder.ts';

const shape: DecoderShape = {
  layers: 1,
  kvHeads: 1,
  headDim: 8,
  vocab: 16,
  context: 64,
  slots: 6,
  cacheType: 'float32',
  logitsType: 'float32',
  hasPositions: true,
  hasKept: false,
};

it('computes one of each size of work, and tells how far it is', async () => {
  const decoder = new ScriptedDecoder();
  const told: string[] = [];
  await warmUp(decoder, shape, 48, (done, total) => told.push(`${done}/${total}`));
  const lengths = decoder.log.map((line) => line.split(line.startsWith('prefill') ? ' ' : ',').length);
  expect(lengths).toEqual([48, 32, 8, 2, 1].map((size) => size + 2).concat([1, 2, 4, 6]));
  expect(told).toEqual(Array.from({ length: 10 }, (_, i) => `${i}/9`));
});

it('leaves out pieces that do not fit', async () => {
  const decoder = new ScriptedDecoder();
  await warmUp(decoder, { ...shape, context: 8, slots: 1 }, 8, () => {});
  expect(decoder.log).toHaveLength(2 + 1);
});

it('ends when it is told to', async () => {
  const decoder = new ScriptedDecoder();
  const abort = new AbortController();
  const progress = (done: number): void => void (done === 2 && abort.abort());
  await expect(warmUp(decoder, shape, 64, progress, abort.signal)).rejects.toMatchObject({ code: 'aborted' });
  expect(decoder.log).toHaveLength(2);
});
