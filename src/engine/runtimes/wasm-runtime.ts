import { type OrtWasmFactory, startOrtWasm } from '../onnx/ort-wasm-module.ts';
import type { WasmRuntime } from '../onnx/runtime.ts';

/**
 * ONNX Runtime on plain WebAssembly, one thread: needs neither a GPU nor cross-origin isolation. For browsers and Node.
 * @param wasmBinary the bytes of `ort-wasm-simd-threaded.wasm`, if they were fetched and checked already.
 */
export async function loadWasmRuntime(wasmBinary?: ArrayBuffer): Promise<WasmRuntime> {
  const { default: factory } = await import('onnxruntime-web/ort-wasm-simd-threaded.mjs');
  return { backend: 'wasm', module: await startOrtWasm(factory as OrtWasmFactory, wasmBinary) };
}
