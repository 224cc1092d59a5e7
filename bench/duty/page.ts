/** The browser's side of `bench duty`: one page lends, another one plays. */
import { findAdapter, openDevice } from '../../src/engine/gpu/gpu-device.ts';
import { createOnnxEngine } from '../../src/engine/onnx/onnx-engine.ts';
import { loadWebGpuRuntime } from '../../src/engine/runtimes/webgpu-runtime.ts';
import { parseManifest } from '../../src/protocol/wire/model-manifest.ts';
import { type DutyRound, playDutyRound } from './duty-round.ts';
import { createGpuLoad, type GpuLoad } from './gpu-load.ts';

declare global {
  interface Window {
    /** Of the other page, which the benchmark drives. */
    startGame(): Promise<void>;
    stopGame(): Promise<void>;
  }
}

export interface DutyResult {
  readonly device: string;
  readonly rounds: readonly DutyRound[];
}

async function lend(streams: number, rounds: number): Promise<DutyResult> {
  const folder = '/models/shakespeare-1m/';
  const read = async (path: string): Promise<Uint8Array> =>
    new Uint8Array(await (await fetch(folder + path)).arrayBuffer());
  const manifest = parseManifest(await read('manifest.json'));
  const graph = await read(manifest.variants['fp32']!.graph);
  const gpu = await openDevice(await findAdapter());
  const runtime = await loadWebGpuRuntime(gpu);
  const engine = await createOnnxEngine({ runtime, manifest, graph, slots: streams, onWarmUp: () => {} });
  const played: DutyRound[] = [];
  for (let i = 0; i < rounds; i++) {
    const round = await playDutyRound({
      engine,
      streams,
      start: () => window.startGame(),
      stop: () => window.stopGame(),
      before: 16,
      playMs: 20_000,
      returnMs: 40_000,
    });
    console.log(JSON.stringify(round));
    played.push(round);
  }
  await engine.close();
  return { device: gpu.name, rounds: played };
}

let game: GpuLoad | undefined;

/** Sizes the game so that one dispatch takes some tens of milliseconds, as a heavy frame does. */
async function prepareGame(side: number): Promise<void> {
  game = await createGpuLoad(side);
}

Object.assign(globalThis, {
  lend,
  prepareGame,
  play: () => game!.start(),
  rest: () => game!.stop(),
});
