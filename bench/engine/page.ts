/** The browser's side of `bench engine`: loads a model on the backend that the page's address names, and measures. */
import { findAdapter, openDevice } from '../../src/engine/gpu/gpu-device.ts';
import { createOnnxEngine } from '../../src/engine/onnx/onnx-engine.ts';
import { loadWasmRuntime } from '../../src/engine/runtimes/wasm-runtime.ts';
import { loadWebGpuRuntime } from '../../src/engine/runtimes/webgpu-runtime.ts';
import { parseManifest } from '../../src/protocol/wire/model-manifest.ts';
import { type EngineLoad, type EngineMeasures, measureEngine } from './measure-engine.ts';

export interface PageOrder {
  readonly backend: 'webgpu' | 'wasm';
  readonly model: string;
  readonly variant: string;
  readonly slots: number;
  readonly load: EngineLoad;
}

export interface PageResult extends EngineMeasures {
  readonly device: string;
  readonly software: boolean;
}

async function measure({ backend, model, variant, slots, load }: PageOrder): Promise<PageResult> {
  const fetchBytes = async (path: string): Promise<Uint8Array> =>
    new Uint8Array(await (await fetch(`/models/${model}/${path}`)).arrayBuffer());
  const manifest = parseManifest(await fetchBytes('manifest.json'));
  const graph = await fetchBytes(manifest.variants[variant]!.graph);
  const gpu = backend === 'webgpu' ? await openDevice(await findAdapter()) : undefined;
  const runtime = gpu ? await loadWebGpuRuntime(gpu) : await loadWasmRuntime();
  const engine = await createOnnxEngine({ runtime, manifest, graph, slots });
  const measures = await measureEngine(engine, load, (line) => console.log(line));
  await engine.close();
  return { device: gpu?.name ?? 'WebAssembly', software: engine.capabilities.software, ...measures };
}

Object.assign(globalThis, { measure });
