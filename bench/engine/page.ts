/** The browser's side of `bench engine`: loads a model on a backend, and measures. */
import { findAdapter, openDevice } from '../../src/engine/gpu/gpu-device.ts';
import { createOnnxEngine } from '../../src/engine/onnx/onnx-engine.ts';
import { loadWasmRuntime } from '../../src/engine/runtimes/wasm-runtime.ts';
import { loadWebGpuRuntime } from '../../src/engine/runtimes/webgpu-runtime.ts';
import { loadBenchModel } from './bench-model.ts';
import { type DispatchMeasures, measureDispatches } from './measure-dispatches.ts';
import type { EngineLoad } from './measure-engine.ts';
import { measureModel, type ModelMeasures } from './measure-model.ts';

export interface PageOrder {
  readonly backend: 'webgpu' | 'wasm';
  readonly model: string;
  readonly variant: string;
  readonly load: EngineLoad;
}

export interface PageResult extends ModelMeasures, Partial<DispatchMeasures> {
  readonly device: string;
}

async function measure({ backend, model, variant, load }: PageOrder): Promise<PageResult> {
  const parts = await loadBenchModel(
    model,
    variant,
    async (path) => new Uint8Array(await (await fetch(`/models/${model}/${path}`)).arrayBuffer()),
  );
  const gpu = backend === 'webgpu' ? await openDevice(await findAdapter()) : undefined;
  const runtime = gpu ? await loadWebGpuRuntime(gpu) : await loadWasmRuntime();
  const measures = await measureModel(
    (options) => createOnnxEngine({ runtime, ...parts, ...options, onWarmUp: () => {} }),
    load,
    (line) => console.log(line),
  );
  if (!gpu) return { device: 'WebAssembly', ...measures };
  const engine = await createOnnxEngine({ runtime, ...parts, slots: 1 });
  const dispatches = await measureDispatches(gpu.device, engine);
  await engine.close();
  return { device: gpu.name, ...measures, ...dispatches };
}

Object.assign(globalThis, { measure });
