/** Rule D2 on a real engine: a second worker keeps the same adapter busy, as a game would. */
import { expect, test } from 'vitest';
import { playDutyRound } from '../../bench/duty/duty-round.ts';
import { createOnnxEngine } from '../../src/engine/onnx/onnx-engine.ts';
import { fetchModel, softwareGpuRuntime } from './browser-engine.ts';

const STREAMS = 2;
/** On a software adapter, whatever else this machine does is a game, too: a round that it spoils is played again. */
const options = { timeout: 180_000, retry: 2 };

test('D2 D3 a game has the GPU within two steps, and the tab returns after it', options, async () => {
  const game = new Worker(new URL('./game.worker.ts', import.meta.url), { type: 'module' });
  const tell = (message: 'start' | 'stop'): Promise<void> =>
    new Promise((resolve) => {
      game.addEventListener('message', () => resolve(), { once: true });
      game.postMessage(message);
    });
  const runtime = await softwareGpuRuntime();
  const engine = await createOnnxEngine({ runtime, slots: STREAMS, context: 128, ...(await fetchModel()) });
  const round = await playDutyRound({
    engine,
    streams: STREAMS,
    start: () => tell('start'),
    stop: () => tell('stop'),
    before: 14,
    playMs: 60_000,
    returnMs: 45_000,
  });
  console.log(JSON.stringify(round));
  expect(round.detectionSteps).toBeLessThanOrEqual(2);
  expect(round.handBackMs).not.toBeNull();
  expect(round.returnMs).not.toBeNull();
  await engine.close();
  runtime.device.destroy();
  game.terminate();
});
