/** The WGSL sampling kernel against the TypeScript reference. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { GpuSampler } from '../../src/engine/kernels/gpu-sampler.ts';
import { type Draw, LogitSampler } from '../../src/engine/sampling/logit-sampler.ts';
import { EPSILON } from '../../src/protocol/constants.ts';
import type { Sample } from '../../src/protocol/wire/sample.ts';
import { parseSeed } from '../../src/protocol/wire/sampling-noise.ts';
import { bellLogits, drawOf, turns } from '../contract/draws.ts';

let device: GPUDevice;
beforeAll(async () => {
  const adapter = await navigator.gpu.requestAdapter();
  if (!adapter) throw new Error('There is no WebGPU adapter.');
  device = await adapter.requestDevice();
});
afterAll(() => device.destroy());

interface Run {
  readonly logits: Float32Array<ArrayBuffer>;
  readonly vocab: number;
  readonly draws: readonly (Draw | undefined)[];
}

async function sampleOnGpu(run: Run): Promise<(Sample | undefined)[]> {
  const { sampler, sample } = await openSampler(run);
  const samples = await sample(run.draws);
  sampler.destroy();
  return samples;
}

async function openSampler({ logits, vocab, draws }: Run) {
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST;
  const buffer = device.createBuffer({ size: logits.byteLength, usage });
  device.queue.writeBuffer(buffer, 0, logits);
  const sampler = await GpuSampler.create(device, buffer, vocab, draws.length);
  const sample = async (some: Run['draws']): Promise<(Sample | undefined)[]> => {
    const before = sampler.readBackBytes;
    const samples: (Sample | undefined)[] = [];
    await sampler.sample(some.length, some, samples);
    const drawn = some.filter((one) => one !== undefined);
    const ranked = drawn.filter(({ top = 0 }) => top > 4);
    expect(sampler.readBackBytes - before).toBe(drawn.length * 80 + ranked.length * 160);
    return samples;
  };
  return { sampler, sample };
}

function sampleOnCpu({ logits, vocab, draws }: Run): (Sample | undefined)[] {
  const sampler = new LogitSampler(vocab);
  return draws.map(
    (draw, row) => draw && sampler.sample(logits.subarray(row * vocab, (row + 1) * vocab), draw),
  );
}

function expectClose(actual: readonly number[], expected: readonly number[], tolerance: number): void {
  expect(actual).toHaveLength(expected.length);
  for (const [i, value] of actual.entries()) expect(Math.abs(value - expected[i]!)).toBeLessThan(tolerance);
}

const draw = (temperature: number, position: number, choice = 0): Draw => ({
  temperature,
  position,
  choice,
  seed: parseSeed('0x9e3779b97f4a7c15'),
});

test.each([2, 5, 1001, 2048, 2049, 32_000, 151_936, 262_144])(
  'S1, S2, S4: a vocabulary of %i gives what the reference gives',
  async (vocab) => {
    const draws = [draw(0, 9), draw(1, 9), undefined, draw(0.7, 1_000, 3), draw(2, 1_048_575, 4_095)];
    const run = { logits: bellLogits(draws.length * vocab, vocab), vocab, draws };
    const [gpu, cpu] = [await sampleOnGpu(run), sampleOnCpu(run)];
    for (const [row, expected] of cpu.entries()) {
      const actual = gpu[row];
      if (!expected) {
        expect(actual).toBeUndefined();
        continue;
      }
      expect(actual!.id).toBe(expected.id);
      expect(actual!.logprob).toBeCloseTo(expected.logprob, 4);
      expect(Math.abs(actual!.margin - expected.margin)).toBeLessThan(1e-5);
      const top = Math.min(4, vocab);
      expect(actual!.topIds.slice(0, top)).toEqual(expected.topIds.slice(0, top));
      expectClose(actual!.topLogprobs.slice(0, top), expected.topLogprobs.slice(0, top), 1e-4);
      expectClose(actual!.projection, expected.projection, 2e-4);
    }
  },
);

test('S1: over many positions the ids are the reference’s', async () => {
  const vocab = 2048;
  const rows = 16;
  const logits = bellLogits(rows * vocab, 1);
  const drawsAt = (turn: number): Draw[] =>
    Array.from({ length: rows }, (_, row) => draw(0.25 + row / 8, turn * rows + row, row % 3));
  const { sample } = await openSampler({ logits, vocab, draws: drawsAt(0) });
  for (let turn = 0; turn < 60; turn++) {
    const [gpu, cpu] = [await sample(drawsAt(turn)), sampleOnCpu({ logits, vocab, draws: drawsAt(turn) })];
    expect(gpu.map((token) => token?.id)).toEqual(cpu.map((token) => token?.id));
  }
});

test('S2: ties go to the lower id, wherever the threads are that meet them', async () => {
  const vocab = 9_000;
  const logits = new Float32Array(vocab).fill(-1);
  for (const id of [8_999, 4_096, 77, 76, 2_047]) logits[id] = 3;
  const [sample] = await sampleOnGpu({ logits, vocab, draws: [draw(0, 1)] });
  expect(sample).toMatchObject({ id: 76, margin: 0, topIds: [76, 77, 2_047, 4_096] });
});

test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
  'a row with a logit of %f gives no sample, and its neighbours are untouched',
  async (bad) => {
    const vocab = 5_000;
    const logits = bellLogits(3 * vocab, 3);
    const draws = [draw(1, 5), draw(1, 5), draw(0, 5)];
    const whole = sampleOnCpu({ logits, vocab, draws });
    logits[vocab + 4_321] = bad;
    const gpu = await sampleOnGpu({ logits, vocab, draws });
    expect(gpu.map((sample) => sample?.id)).toEqual([whole[0]!.id, undefined, whole[2]!.id]);
    expect(sampleOnCpu({ logits, vocab, draws })[1]).toBeUndefined();
  },
);

const ROWS = 8;

/** Batches of turns with every kind of control, each with the samples of both samplers. */
async function compareControls(
  vocab: number,
  batches: number,
): Promise<[Sample | undefined, Sample | undefined][]> {
  const buffer = device.createBuffer({
    size: ROWS * vocab * 4,
    usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST,
  });
  const gpu = await GpuSampler.create(device, buffer, vocab, ROWS);
  const cpu = new LogitSampler(vocab);
  const all = fc.sample(turns({ vocab }), { numRuns: ROWS * batches, seed: vocab });
  const pairs: [Sample | undefined, Sample | undefined][] = [];
  for (let first = 0; first < all.length; first += ROWS) {
    const batch = all.slice(first, first + ROWS);
    const draws = batch.map(drawOf);
    for (const [row, { logits }] of batch.entries())
      device.queue.writeBuffer(buffer, row * vocab * 4, logits);
    const samples: (Sample | undefined)[] = [];
    await gpu.sample(ROWS, draws, samples);
    for (const [row, { logits }] of batch.entries())
      pairs.push([samples[row], cpu.sample(logits, draws[row]!)]);
  }
  gpu.destroy();
  buffer.destroy();
  return pairs;
}

test.each([
  [3, 10],
  [37, 20],
  [300, 20],
  [2_049, 10],
  [9_001, 5],
  [151_936, 1],
])(
  'S2, S3, S5, S6, S7: with every control, a vocabulary of %i gives what the reference gives',
  async (vocab, batches) => {
    let [sure, same, unlike] = [0, 0, 0];
    for (const [actual, expected] of await compareControls(vocab, batches)) {
      if (!actual || !expected) {
        expect(actual).toEqual(expected);
        continue;
      }
      if (Math.max(actual.margin, expected.margin) >= EPSILON) {
        sure++;
        expect(actual.id).toBe(expected.id);
      }
      if (actual.id !== expected.id) continue;
      same++;
      // Where an edge is as near as epsilon, one may be sure and the other not.
      const isNearEdge = actual.margin === 0 || expected.margin === 0;
      if ((actual.margin === 0) !== (expected.margin === 0)) unlike++;
      if (!isNearEdge && expected.margin < 1e4) expect(actual.margin).toBeCloseTo(expected.margin, 3);
      const far = Math.abs(expected.logprob) + 10;
      expect(Math.abs(actual.logprob - expected.logprob) / far).toBeLessThan(1e-5);
      expect(actual.topIds).toEqual(expected.topIds);
      expectClose(actual.topLogprobs, expected.topLogprobs, 1e-2);
    }
    const total = ROWS * batches;
    expect(unlike).toBeLessThan(total * 0.03);
    expect(sure).toBeGreaterThan(total / 2);
    expect(same).toBeGreaterThan(total * 0.9);
  },
);
