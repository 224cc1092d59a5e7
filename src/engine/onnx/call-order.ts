const lastCalls = new WeakMap<object, Promise<void>>();

/**
 * Runs calls into one library one after another, whichever engine they come from: ONNX Runtime's WebGPU build takes
 * the whole tab down when a second call begins while one is waiting for the GPU.
 */
export function inOrder<T>(library: object, call: () => Promise<T>): Promise<T> {
  const result = (lastCalls.get(library) ?? Promise.resolve()).then(call);
  lastCalls.set(
    library,
    result.then(
      () => {},
      () => {},
    ),
  );
  return result;
}
