import type { GpuDevice } from '../gpu/gpu-device.ts';
import type { WebGpuRuntime } from '../onnx/runtime.ts';

/** True where WebAssembly can wait for promises (Chromium 137, Safari 27): the smaller and faster build runs there. */
export function hasJspi(): boolean {
  return 'Suspending' in WebAssembly;
}

/**
 * ONNX Runtime with its WebGPU provider, on a device that stays the caller's. The WebAssembly is started once in a
 * worker, and its memory never shrinks: a worker that loads one model after another should be replaced.
 * @param wasmBinary the bytes of the build's `.wasm` (`.jspi` where `hasJspi()`, else `.asyncify`), if they were fetched
 * and checked already.
 */
export async function loadWebGpuRuntime(
  { device, software, gpuClass }: GpuDevice,
  wasmBinary?: ArrayBuffer,
): Promise<WebGpuRuntime> {
  const ort = hasJspi() ? await import('onnxruntime-web/jspi') : await import('onnxruntime-web/webgpu');
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = 'error';
  if (wasmBinary) ort.env.wasm.wasmBinary = wasmBinary;
  return { backend: 'webgpu', ort, device, software, gpuClass };
}
