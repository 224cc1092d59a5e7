import type { InferenceSession, Tensor } from 'onnxruntime-web';
import type { OrtWasmModule } from './ort-wasm-module.ts';

/** Of both packages, `onnxruntime-web` and `onnxruntime-node`: receipts name it. */
export const ORT_VERSION = '1.30.0';

/** What this engine uses of onnxruntime's JavaScript library, on the web and on Node. */
export interface OrtLibrary {
  readonly InferenceSession: {
    create(graph: Uint8Array, options: InferenceSession.SessionOptions): Promise<InferenceSession>;
  };
  readonly Tensor: typeof Tensor;
}

/** `onnxruntime-node`. It blocks the thread while it computes. */
export interface CpuRuntime {
  readonly backend: 'cpu';
  readonly ort: OrtLibrary;
  /** 1 unless given: more gain nothing with small models. */
  readonly threads?: number;
}

/** The module of `onnxruntime-web/ort-wasm-simd-threaded.mjs`, driven directly (see `wasm-decoder.ts`). */
export interface WasmRuntime {
  readonly backend: 'wasm';
  readonly module: OrtWasmModule;
}

/** `onnxruntime-web/jspi` (or `/webgpu`, where JSPI is missing), and a device of one's own. */
export interface WebGpuRuntime {
  readonly backend: 'webgpu';
  readonly ort: OrtLibrary;
  readonly device: GPUDevice;
  readonly software: boolean;
  /** For example `nvidia/ampere`. */
  readonly gpuClass: string;
}

/** Where the graph runs: handed in ready to use, because only the caller knows what its environment can import. */
export type OnnxRuntime = CpuRuntime | WasmRuntime | WebGpuRuntime;
