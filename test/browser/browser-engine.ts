/** Engines of the bundled models in this browser: the model's files come from `public`, the runtime from its package. */
import { expect } from 'vitest';
import { findAdapter, openDevice } from '../../src/engine/gpu/gpu-device.ts';
import type { OnnxEngineOptions } from '../../src/engine/onnx/onnx-engine.ts';
import type { WebGpuRuntime } from '../../src/engine/onnx/runtime.ts';
import { loadWebGpuRuntime } from '../../src/engine/runtimes/webgpu-runtime.ts';
import { parseManifest } from '../../src/protocol/wire/model-manifest.ts';

export type ModelParts = Pick<OnnxEngineOptions, 'manifest' | 'graph'>;

export async function fetchModel(id = 'shakespeare-1m', variant = 'fp32'): Promise<ModelParts> {
  const manifest = parseManifest(await fetchBytes(`/models/${id}/manifest.json`));
  const graph = await fetchBytes(`/models/${id}/${manifest.variants[variant]!.graph}`);
  return { manifest, graph };
}

/** ONNX Runtime on the software adapter, on a device of its own. */
export async function softwareGpuRuntime(): Promise<WebGpuRuntime> {
  const gpu = await openDevice(await findAdapter());
  expect(gpu).toMatchObject({ software: true, gpuClass: 'google/swiftshader' });
  return loadWebGpuRuntime(gpu);
}

async function fetchBytes(url: string): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}
