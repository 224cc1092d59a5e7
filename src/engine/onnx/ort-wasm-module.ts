/**
 * ONNX Runtime compiled to WebAssembly, as `onnxruntime-web/ort-wasm-simd-threaded.mjs` makes it: the C interface that
 * the package's own JavaScript is written against. Addresses and handles are numbers; calls return 0 for success.
 */
export interface OrtWasmModule {
  readonly HEAPU8: Uint8Array<ArrayBuffer>;
  _malloc(bytes: number): number;
  _free(address: number): void;
  stackSave(): number;
  stackAlloc(bytes: number): number;
  stackRestore(stack: number): void;
  getValue(address: number, type: 'i32' | '*'): number;
  setValue(address: number, value: number, type: 'i32' | '*'): void;
  UTF8ToString(address: number): string;
  stringToUTF8(text: string, address: number, bytes: number): void;
  lengthBytesUTF8(text: string): number;
  _OrtInit(threads: number, logLevel: number): number;
  _OrtGetLastError(code: number, message: number): number;
  _OrtFree(address: number): number;
  _OrtCreateSessionOptions(...options: number[]): number;
  _OrtReleaseSessionOptions(options: number): number;
  /** Files that a graph names for its weights, kept until they are unmounted. */
  mountExternalData(path: string, bytes: Uint8Array): void;
  unmountExternalData(): void;
  /** Gives the session's handle, or 0. */
  _OrtCreateSession(graph: number, bytes: number, options: number): number | Promise<number>;
  _OrtReleaseSession(session: number): number;
  _OrtGetInputOutputCount(session: number, inputs: number, outputs: number): number;
  _OrtGetInputOutputMetadata(session: number, index: number, name: number, metadata: number): number;
  _OrtCreateTensor(
    type: number,
    data: number,
    bytes: number,
    dims: number,
    rank: number,
    location: number,
  ): number;
  _OrtReleaseTensor(tensor: number): number;
  _OrtCreateRunOptions(logSeverity: number, logVerbosity: number, terminate: boolean, tag: number): number;
  _OrtReleaseRunOptions(options: number): number;
  _OrtRun(
    session: number,
    inputNames: number,
    inputs: number,
    inputCount: number,
    outputNames: number,
    outputCount: number,
    outputs: number,
    options: number,
  ): number | Promise<number>;
}

/** What the package's `.mjs` exports by default. */
export type OrtWasmFactory = (options: {
  readonly numThreads: number;
  readonly wasmBinary?: ArrayBuffer;
  readonly locateFile?: (file: string) => string;
}) => Promise<OrtWasmModule>;

const ERRORS_ONLY = 3;

/** Starts ONNX Runtime on one thread. Without the bytes of its `.wasm`, it finds the file beside its `.mjs`. */
export async function startOrtWasm(
  factory: OrtWasmFactory,
  wasmBinary?: ArrayBuffer,
): Promise<OrtWasmModule> {
  const given = wasmBinary ? { wasmBinary, locateFile: (file: string) => file } : {};
  const module = await factory({ numThreads: 1, ...given });
  checkCall(module, module._OrtInit(1, ERRORS_ONLY));
  return module;
}

/** @throws Error with the runtime's own words, if `code` is not 0. */
export function checkCall(module: OrtWasmModule, code: number): void {
  if (code === 0) return;
  const stack = module.stackSave();
  const out = module.stackAlloc(8);
  module._OrtGetLastError(out, out + 4);
  const message = module.getValue(out + 4, '*');
  module.stackRestore(stack);
  throw new Error(message ? module.UTF8ToString(message) : `ONNX Runtime failed with code ${code}.`);
}
