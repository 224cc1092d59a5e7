import { checkCall, type OrtWasmModule } from './ort-wasm-module.ts';

/** ONNX's numbers for element types, and ONNX Runtime's for where data lies. */
const ELEMENT = { float32: 1, int64: 7, float16: 10 } as const;
const ELEMENT_BYTES = { float32: 4, int64: 8, float16: 2 } as const;
const ON_CPU = 1;
const WORD = 4;

/** Named tensors that lie in the module's memory: what goes into a run, or comes out of it. */
export type Handles = Readonly<Record<string, number>>;

/** A set of tensors to run with, as the C interface wants it: made once, run often. */
export interface Binding {
  readonly inputNames: number;
  readonly inputs: number;
  readonly inputCount: number;
  readonly outputNames: number;
  readonly outputs: number;
  readonly outputCount: number;
}

/** A graph in the WebAssembly module, whose tensors are made and freed by hand. */
export class OrtWasmSession {
  readonly module: OrtWasmModule;
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  readonly #session: number;
  readonly #runOptions: number;
  readonly #names = new Map<string, number>();

  private constructor(module: OrtWasmModule, session: number) {
    this.module = module;
    this.#session = session;
    this.#runOptions = module._OrtCreateRunOptions(2, 0, false, 0);
    const names = this.#readNames();
    [this.inputNames, this.outputNames] = names;
  }

  /** @param data files that the graph's weights lie in */
  static async create(
    module: OrtWasmModule,
    graph: Uint8Array,
    data: readonly { readonly path: string; readonly bytes: Uint8Array }[] = [],
  ): Promise<OrtWasmSession> {
    const all = {
      optimizations: 99,
      arena: 1,
      patterns: 1,
      sequential: 0,
      profile: 0,
      prefix: 0,
      id: 0,
      log: 2,
    };
    const options = module._OrtCreateSessionOptions(...Object.values(all), 0, 0);
    const bytes = allocate(module, graph.length);
    module.HEAPU8.set(graph, bytes);
    try {
      for (const file of data) module.mountExternalData(file.path, file.bytes);
      const session = await module._OrtCreateSession(bytes, graph.length, options);
      if (session === 0) checkCall(module, 1);
      return new OrtWasmSession(module, session);
    } finally {
      module._free(bytes);
      module._OrtReleaseSessionOptions(options);
      if (data.length > 0) module.unmountExternalData();
    }
  }

  /** Memory for numbers that outlive a call; zeroed. */
  allocate(bytes: number): number {
    const address = allocate(this.module, bytes);
    this.module.HEAPU8.fill(0, address, address + bytes);
    return address;
  }

  /** A tensor on memory that stays the caller's. */
  tensor(type: keyof typeof ELEMENT, address: number, dims: readonly number[]): number {
    const { module } = this;
    const elements = dims.reduce((product, dim) => product * dim, 1);
    const stack = module.stackSave();
    const shape = this.#words(module.stackAlloc(WORD * dims.length), dims);
    const bytes = elements * ELEMENT_BYTES[type];
    const tensor = module._OrtCreateTensor(ELEMENT[type], address, bytes, shape, dims.length, ON_CPU);
    module.stackRestore(stack);
    if (tensor === 0) checkCall(module, 1);
    return tensor;
  }

  release(tensor: number): void {
    this.module._OrtReleaseTensor(tensor);
  }

  bind(inputs: Handles, outputs: Handles): Binding {
    const list = (numbers: readonly number[]): number =>
      this.#words(allocate(this.module, WORD * numbers.length), numbers);
    const names = (handles: Handles): number => list(Object.keys(handles).map((name) => this.#name(name)));
    return {
      inputNames: names(inputs),
      inputs: list(Object.values(inputs)),
      inputCount: Object.keys(inputs).length,
      outputNames: names(outputs),
      outputs: list(Object.values(outputs)),
      outputCount: Object.keys(outputs).length,
    };
  }

  /** Puts another tensor in the place of an input. */
  rebind({ inputs }: Binding, index: number, tensor: number): void {
    this.module.setValue(inputs + WORD * index, tensor, '*');
  }

  free(...addresses: readonly number[]): void {
    for (const address of addresses) this.module._free(address);
  }

  async run(binding: Binding): Promise<void> {
    const { inputNames, inputs, inputCount, outputNames, outputs, outputCount } = binding;
    const { module } = this;
    checkCall(
      module,
      await module._OrtRun(
        this.#session,
        inputNames,
        inputs,
        inputCount,
        outputNames,
        outputCount,
        outputs,
        this.#runOptions,
      ),
    );
  }

  close(): void {
    this.free(...this.#names.values());
    this.module._OrtReleaseRunOptions(this.#runOptions);
    this.module._OrtReleaseSession(this.#session);
  }

  #words(address: number, numbers: readonly number[]): number {
    for (const [i, number] of numbers.entries()) this.module.setValue(address + WORD * i, number, 'i32');
    return address;
  }

  #name(name: string): number {
    const known = this.#names.get(name);
    if (known !== undefined) return known;
    const bytes = this.module.lengthBytesUTF8(name) + 1;
    const address = allocate(this.module, bytes);
    this.module.stringToUTF8(name, address, bytes);
    this.#names.set(name, address);
    return address;
  }

  #readNames(): [string[], string[]] {
    const { module } = this;
    const stack = module.stackSave();
    const out = module.stackAlloc(2 * WORD);
    checkCall(module, module._OrtGetInputOutputCount(this.#session, out, out + WORD));
    const [inputs, outputs] = [module.getValue(out, 'i32'), module.getValue(out + WORD, 'i32')];
    const names = Array.from({ length: inputs + outputs }, (_, index) => {
      checkCall(module, module._OrtGetInputOutputMetadata(this.#session, index, out, out + WORD));
      const [name, metadata] = [module.getValue(out, '*'), module.getValue(out + WORD, '*')];
      const text = module.UTF8ToString(name);
      module._OrtFree(name);
      module._OrtFree(metadata);
      return text;
    });
    module.stackRestore(stack);
    return [names.slice(0, inputs), names.slice(inputs)];
  }
}

function allocate(module: OrtWasmModule, bytes: number): number {
  const address = module._malloc(bytes);
  if (address === 0)
    throw new Error(`Failed to allocate ${bytes} bytes of WebAssembly memory: out of memory.`);
  return address;
}
