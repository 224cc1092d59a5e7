/** A GPU that is lost again and again under load: the provider on it goes on, and its memory does not grow. */
import { expect, test } from 'vitest';
import { wasmHeap } from './wasm-heap.ts';
import type { Clock } from '../../src/core/clock.ts';
import { cryptoRandom } from '../../src/core/random.ts';
import { findAdapter, openDevice } from '../../src/engine/gpu/gpu-device.ts';
import { createOnnxEngine } from '../../src/engine/onnx/onnx-engine.ts';
import { loadWebGpuRuntime } from '../../src/engine/runtimes/webgpu-runtime.ts';
import type { EngineSource } from '../../src/provider/compute/engine-source.ts';
import { Lender } from '../../src/provider/compute/lender.ts';
import { ownEngine } from '../../src/provider/compute/owned-engine.ts';
import { systemClock } from '../../src/provider/compute/system-clock.ts';
import { createMemoryPayouts } from '../../src/provider/income/payout-store.ts';
import { createKeySigner } from '../../src/provider/wallet/key-signer.ts';
import { createSyntheticDecoder } from '../../src/sim/decoder/synthetic-decoder.ts';
import { assignment, jobId, MODEL, ScriptedRelay } from '../unit/provider/scripted-relay.ts';
import { KEY, MemoryAttempts } from '../unit/provider/world.ts';

/** Each costs two seconds here; `npm run bench -- recovery` does twenty in a real tab. */
const LOSSES = 3;
const SIZES = {
  layers: 1,
  hidden: 64,
  intermediate: 128,
  heads: 2,
  kvHeads: 1,
  headDim: 32,
  vocab: 512,
  context: 128,
};
/** Waits are a fiftieth of what they would be; what engines do takes its time. */
const clock: Clock = { now: () => systemClock.now(), after: (ms, run) => systemClock.after(ms / 50, run) };

test('D6 lost devices in a row leave a provider that works', { timeout: 120_000 }, async () => {
  const { manifest, graph } = createSyntheticDecoder('smollm2-135m', { dtype: 'fp32' }, SIZES);
  const devices: GPUDevice[] = [];
  const source: EngineSource = {
    probe: async () => ({ webgpu: true, name: '', gpuClass: '', software: true }),
    models: async () => [],
    measure: () => Promise.reject(new Error('Nobody measures.')),
    fits: async () => [],
    async load({ slots }) {
      const runtime = await loadWebGpuRuntime(await openDevice(await findAdapter()));
      devices.push(runtime.device);
      const owned = await ownEngine(runtime, () =>
        createOnnxEngine({ runtime, manifest, graph, slots, selfTest: false }),
      );
      const offer = { ...MODEL, id: 'synthetic' };
      return { ...owned, model: { offer, stopIds: [], stopWhen: () => () => false } };
    },
  };
  const relay = new ScriptedRelay(systemClock);
  const lender = new Lender({
    clock,
    random: cryptoRandom,
    connect: relay.connect,
    source,
    store: new MemoryAttempts(),
    payouts: createMemoryPayouts(),
    signer: createKeySigner(KEY),
    holdLock: async () => () => {},
  });
  await lender.start({
    relayUrl: 'ws://relay',
    model: 'synthetic',
    backend: 'webgpu',
    slots: 2,
    allowSoftware: true,
    creditLimit: '1000000',
    share: 1,
    giveWay: 'gpu',
    memoryBytes: 0,
    promptTokens: 0,
  });
  const state = (): string => lender.status().state.name;
  const order = { prompt: [5, 6, 7], spec: { ...assignment().spec, temperature: 0 }, maxTokens: 6 };
  const serve = async (n: number): Promise<number[]> => {
    await expect.poll(state, { timeout: 20_000, interval: 5 }).toBe('waiting');
    relay.send({ type: 'assign', ...assignment({ ...order, job: jobId(n) }) });
    await expect.poll(() => relay.all('result').length, { timeout: 20_000, interval: 5 }).toBeGreaterThan(0);
    return relay.ids(jobId(n));
  };
  const first = await serve(1);
  expect(first).toHaveLength(6);

  const heap: number[] = [];
  for (let loss = 0; loss < LOSSES; loss++) {
    await expect.poll(state, { timeout: 20_000, interval: 5 }).toBe('waiting');
    const lost = [2, 3].map((n) => jobId(100 * loss + n));
    for (const job of lost) relay.send({ type: 'assign', ...assignment({ ...order, job, maxTokens: 100 }) });
    await expect.poll(() => relay.ids(lost[0]!).length, { timeout: 20_000, interval: 1 }).toBeGreaterThan(0);
    devices.at(-1)!.destroy();
    await expect.poll(state, { timeout: 5_000, interval: 1 }).not.toBe('serving');
    heap.push(wasmHeap());
  }
  // The state changes first; what a stream had is signed before it goes back.
  const handed = (): { code: string }[] => relay.all('handback');
  await expect.poll(() => handed().length, { timeout: 5_000 }).toBe(2 * LOSSES);
  expect(new Set(handed().map(({ code }) => code))).toEqual(new Set(['device_lost']));

  relay.messages.length = 0;
  expect(await serve(9_999)).toEqual(first);
  expect(lender.status()).toMatchObject({ recoveries: LOSSES, jobs: 2 });
  expect(devices).toHaveLength(LOSSES + 1);
  expect(heap[0]).toBeGreaterThan(0);
  console.log(`wasm heap, MB: ${heap.map((bytes) => (bytes / 2 ** 20).toFixed(1)).join(' ')}`);
  await lender.stop();
});
