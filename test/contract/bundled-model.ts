/** The project's own small models, read from `public/models`, for tests and benchmarks in Node. */
import { readFile } from 'node:fs/promises';
import * as ort from 'onnxruntime-node';
import {
  createOnnxEngine,
  type OnnxEngine,
  type OnnxEngineOptions,
} from '../../src/engine/onnx/onnx-engine.ts';
import type { CpuRuntime } from '../../src/engine/onnx/runtime.ts';
import { type ModelManifest, parseManifest } from '../../src/protocol/wire/model-manifest.ts';

export interface BundledModel {
  readonly manifest: ModelManifest;
  readonly graph: Uint8Array;
}

export async function readModel(id = 'shakespeare-1m', variant = 'fp32'): Promise<BundledModel> {
  const folder = new URL(`../../public/models/${id}/`, import.meta.url);
  const manifest = parseManifest(await readFile(new URL('manifest.json', folder)));
  const graph = await readFile(new URL(manifest.variants[variant]!.graph, folder));
  return { manifest, graph };
}

export const cpuRuntime: CpuRuntime = { backend: 'cpu', ort };

/** An engine of the 1 M model, on the CPU unless another runtime is given. */
export async function createTestEngine(options: Partial<OnnxEngineOptions> = {}): Promise<OnnxEngine> {
  return createOnnxEngine({ runtime: cpuRuntime, slots: 2, ...(await readModel()), ...options });
}
