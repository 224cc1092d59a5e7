/** ONNX Runtime's WebAssembly without its JavaScript: the package has no types for it (`../onnx/ort-wasm-module.ts`). */
declare module 'onnxruntime-web/ort-wasm-simd-threaded.mjs' {
  const factory: (options: object) => Promise<unknown>;
  export default factory;
}
