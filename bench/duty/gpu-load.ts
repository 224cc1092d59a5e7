/** A game, as far as a GPU is concerned: dispatches one after the other, on a device of its own. */
import { findAdapter, openDevice } from '../../src/engine/gpu/gpu-device.ts';
import { prepareRun } from '../../src/engine/gpu/gpu-run.ts';
import { matmulShader, PRODUCT_SIDE } from '../../src/engine/kernels/benchmark-shaders.ts';

export interface GpuLoad {
  /** Resolves when its first dispatch is over: from then on nobody else has the GPU alone. */
  start(): Promise<void>;
  /** Resolves when the last dispatch is over. */
  stop(): Promise<void>;
}

/** @param side of the matrices that it multiplies: how long a dispatch takes */
export async function createGpuLoad(side: number): Promise<GpuLoad> {
  const { device } = await openDevice(await findAdapter());
  const buffer = (): GPUBuffer =>
    device.createBuffer({ size: 4 * side * side, usage: GPUBufferUsage.STORAGE });
  const run = await prepareRun(device, matmulShader, [buffer(), buffer(), buffer()], { n: side });
  const groups = side / PRODUCT_SIDE;
  let running: Promise<void> | undefined;
  let stopped = true;

  async function play(begun: () => void): Promise<void> {
    while (!stopped) {
      const commands = device.createCommandEncoder();
      const pass = commands.beginComputePass();
      pass.setPipeline(run.pipeline);
      pass.setBindGroup(0, run.bindings);
      pass.dispatchWorkgroups(groups, groups);
      pass.end();
      device.queue.submit([commands.finish()]);
      await device.queue.onSubmittedWorkDone();
      begun();
    }
  }

  return {
    start() {
      stopped = false;
      return new Promise((resolve) => {
        // Two in flight, so that the GPU never waits for the page.
        running ??= Promise.all([play(resolve), play(resolve)]).then(() => {});
      });
    },
    async stop() {
      stopped = true;
      await running;
      running = undefined;
    },
  };
}
