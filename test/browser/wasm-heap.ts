/** Memories of the WebAssembly that was started since this file was imported: import it before what starts some. */
const memories = new Set<WebAssembly.Memory>();

function note(instance: WebAssembly.Instance): void {
  for (const value of Object.values(instance.exports)) {
    if (value instanceof WebAssembly.Memory) memories.add(value);
  }
}

const { instantiate, instantiateStreaming } = WebAssembly;
type Result = WebAssembly.Instance | WebAssembly.WebAssemblyInstantiatedSource;
const noted = (result: Result): Result => {
  note(result instanceof WebAssembly.Instance ? result : result.instance);
  return result;
};
Object.assign(WebAssembly, {
  instantiate: (...given: Parameters<typeof instantiate>) => instantiate(...given).then(noted),
  instantiateStreaming: (...given: Parameters<typeof instantiateStreaming>) =>
    instantiateStreaming(...given).then(noted),
});

Object.assign(WebAssembly, {
  Memory: new Proxy(WebAssembly.Memory, {
    construct(target, given: ConstructorParameters<typeof WebAssembly.Memory>) {
      const memory = new target(...given);
      memories.add(memory);
      return memory;
    },
  }),
});

/** Bytes of all of them together. */
export function wasmHeap(): number {
  let bytes = 0;
  for (const memory of memories) bytes += memory.buffer.byteLength;
  return bytes;
}
