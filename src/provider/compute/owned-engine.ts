import type { ErrorBody } from '../../core/errors.ts';
import type { OnnxRuntime } from '../../engine/onnx/runtime.ts';

/** An engine of either kind, and when it fails while nothing runs on it. */
export interface Owned<E> {
  readonly engine: E;
  readonly lost?: Promise<ErrorBody>;
}

/**
 * Makes an engine on a runtime whose GPU device goes with it: closing the engine frees the GPU's memory whatever it is
 * doing, and an engine that can't be made leaves no device behind.
 */
export async function ownEngine<E extends { close(): Promise<void> }>(
  runtime: OnnxRuntime,
  make: () => Promise<E>,
): Promise<Owned<E>> {
  if (runtime.backend !== 'webgpu') return { engine: await make() };
  const { device } = runtime;
  let engine: E;
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
