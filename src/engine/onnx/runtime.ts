import type { InferenceSession, Tensor } from 'onnxruntime-web';
import type { OrtWasmModule } from './ort-wasm-module.ts';

/** What this engine uses of onnxruntime's JavaScript library, on the web and on Node. */
export interface OrtLibrary {
  readonly InferenceSession: {
    create(graph: Uint8Array, options: InferenceSession.SessionOptions): Promise<InferenceSession>;
  };
  readonly Tensor: typeof Tensor;
}

/**
 * Where the graph runs: handed in ready to use, because only the caller knows what its environment can import.
 *
 * - `cpu`: `onnxruntime-node`. It blocks the thread while it computes.
 * - `wasm`: the module of `onnxruntime-web/ort-wasm-simd-threaded.mjs`, driven directly (see `wasm-decoder.ts`).
 * - `webgpu`: `onnxruntime-web/jspi` (or `/webgpu`, where JSPI is missing) with its wasm set, and a device of one's own.
 */
export type OnnxRuntime =
  | { readonly backend: 'cpu'; readonly ort: OrtLibrary; readonly threads?: number }
  | { readonly backend: 'wasm'; readonly module: OrtWasmModule }
  | {
      readonly backend: 'webgpu';
      readonly ort: OrtLibrary;
      readonly device: GPUDevice;
      readonly software: boolean;
      /** For example `nvidia/ampere`. */
      readonly gpuClass: string;
    };
