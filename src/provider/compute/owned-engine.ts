import type { Engine } from '../../engine/engine.ts';
import type { OnnxRuntime } from '../../engine/onnx/runtime.ts';
import type { LoadedEngine } from './engine-source.ts';

/**
 * Makes an engine on a runtime whose GPU device goes with it: closing the engine frees the GPU's memory whatever it is
 * doing, and an engine that can't be made leaves no device behind.
 */
export async function ownEngine(
  runtime: OnnxRuntime,
  make: () => Promise<Engine>,
): Promise<Pick<LoadedEngine, 'engine' | 'lost'>> {
  if (runtime.backend !== 'webgpu') return { engine: await make() };
  const { device } = runtime;
  let engine: Engine;
  try {
    engine = await make();
  } catch (error) {
    device.destroy();
    throw error;
  }
  const lost = device.lost.then(({ message }) => ({
    code: 'device_lost',
    message: 'The GPU was lost.',
    data: { text: message },
  }));
  return {
    engine: {
      ...engine,
      async close() {
        const closed = engine.close();
        device.destroy();
        await closed;
      },
    },
    lost,
  };
}
