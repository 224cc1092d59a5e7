import { abortError, CodedError } from '../../core/errors.ts';
import type { ModelManifest } from '../../protocol/wire/model-manifest.ts';
import { checkEmbedRequest } from '../embed-request.ts';
import type { Embedder, EmbedderCapabilities, EmbedderTimings, EmbedRequest } from '../embedder.ts';
import { finishVector, type Pooling, poolStates } from '../pooling.ts';
import type { Stopwatch } from './decoder.ts';
import type { Encoder } from './encoder.ts';
import { testEncoder } from './encoder-test.ts';
import { createCpuEncoder, createWebGpuEncoder } from './ort-encoder.ts';
import { chooseBatch, padBatch } from './padded-batch.ts';
import { type OnnxRuntime, ORT_VERSION } from './runtime.ts';
import { StepTimes } from './step-times.ts';
import { createWasmEncoder } from './wasm-encoder.ts';

/** Tokens of one pass, padding included: enough for a GPU to be busy, little enough that an abort is heard soon. */
const BATCH_TOKENS = 2048;
/** On a processor a token takes as long in a small batch as in a large one. */
const BATCH_TOKENS_ON_CPU = 512;

export interface OnnxEmbedderOptions {
  readonly runtime: OnnxRuntime;
  readonly manifest: ModelManifest;
  /** The bytes of the variant's graph, checked against the manifest. */
  readonly graph: Uint8Array;
  /** Tokens of one pass at most, padding included; at least the model's longest input goes in. */
  readonly batchTokens?: number;
  /** Instead of the manifest's. */
  readonly pooling?: Pooling;
  readonly clock?: Stopwatch;
}

/**
 * Loads an encoder and serves vectors of it, batched.
 *
 * Errors: `model_unsupported`, `out_of_memory`, `device_lost`, `gpu_miscomputes`.
 */
export async function createOnnxEmbedder(options: OnnxEmbedderOptions): Promise<Embedder> {
  const { runtime, manifest, graph, clock = performance } = options;
  const { architecture, context, id } = manifest;
  if (architecture.kind !== 'encoder')
    throw new CodedError('model_unsupported', `${id} is no model for vectors.`, { kind: architecture.kind });
  const { hidden, leastDimensions, normalise, vocab } = architecture;
  const isGpu = runtime.backend === 'webgpu' && !runtime.software;
  const wanted = options.batchTokens ?? (isGpu ? BATCH_TOKENS : BATCH_TOKENS_ON_CPU);
  const tokens = Math.max(wanted, context);
  const encoder = await createEncoder(runtime, graph, hidden, tokens);
  if (isGpu) {
    await testEncoder(encoder, { hidden, vocab, context }).catch((error: unknown) =>
      encoder.close().then(() => Promise.reject(error as Error)),
    );
  }
  const { backend, software, gpuClass } = encoder;
  const capabilities: EmbedderCapabilities = {
    name: 'onnx',
    version: ORT_VERSION,
    backend,
    software,
    gpuClass,
    context,
    vocab,
    dimensions: hidden,
    leastDimensions,
  };
  const pooling = options.pooling ?? architecture.pooling;
  const embedder = new OnnxEmbedder(encoder, capabilities, { pooling, normalise, tokens: wanted }, clock);
  return {
    capabilities,
    embed: (request) => embedder.embed(request),
    timings: () => embedder.timings(),
    close: () => embedder.close(),
  };
}

function createEncoder(
  runtime: OnnxRuntime,
  graph: Uint8Array,
  hidden: number,
  tokens: number,
): Promise<Encoder> {
  switch (runtime.backend) {
    case 'cpu':
      return createCpuEncoder(runtime, graph);
    case 'webgpu':
      return createWebGpuEncoder(runtime, graph);
    case 'wasm':
      return createWasmEncoder(runtime.module, graph, { hidden, tokens });
  }
}

/** One call of `embed`. */
interface Call {
  readonly dimensions: number;
  readonly vectors: Float32Array[];
  left: number;
  readonly resolve: (vectors: Float32Array[]) => void;
  readonly reject: (error: unknown) => void;
  isOver: boolean;
}

/** One input that waits for its pass. */
interface Item {
  readonly call: Call;
  readonly index: number;
  readonly ids: readonly number[];
}

interface VectorRules {
  readonly pooling: Pooling;
  readonly normalise: boolean;
  readonly tokens: number;
}

/**
 * Pooling is done here and not on the GPU: what has to come back are `tokens x hidden` numbers of a pass (2 MB at 2,048
 * tokens of 256), a small part of what the pass itself moves; and in one place it is the same for every backend.
 */
class OnnxEmbedder implements Embedder {
  readonly capabilities: EmbedderCapabilities;
  readonly #encoder: Encoder;
  readonly #rules: VectorRules;
  readonly #clock: Stopwatch;
  readonly #times: StepTimes;
  #waiting: Item[] = [];
  readonly #calls = new Set<Call>();
  #turning: Promise<void> | undefined;
  #failure: CodedError | undefined;
  #closing: Promise<void> | undefined;
  #tokens = 0;

  constructor(encoder: Encoder, capabilities: EmbedderCapabilities, rules: VectorRules, clock: Stopwatch) {
    this.capabilities = capabilities;
    this.#encoder = encoder;
    this.#rules = rules;
    this.#clock = clock;
    this.#times = new StepTimes(clock);
  }

  async embed(request: EmbedRequest): Promise<Float32Array[]> {
    const { inputs, dimensions = this.capabilities.dimensions, signal } = request;
    if (this.#failure) throw this.#failure;
    checkEmbedRequest(request, this.capabilities);
    if (signal?.aborted) throw abortError(signal);
    const { promise, resolve, reject } = Promise.withResolvers<Float32Array[]>();
    const call: Call = { dimensions, vectors: [], left: inputs.length, resolve, reject, isOver: false };
    this.#calls.add(call);
    for (const [index, ids] of inputs.entries()) this.#waiting.push({ call, index, ids });
    const abort = (): void => this.#end(call, abortError(signal as AbortSignal));
    signal?.addEventListener('abort', abort, { once: true });
    this.#turning ??= this.#turn();
    return promise.finally(() => signal?.removeEventListener('abort', abort));
  }

  timings(): EmbedderTimings {
    const active = this.#turning ? Math.min(1, this.#calls.size) : 0;
    return {
      active,
      waiting: this.#calls.size - active,
      worstStepMs: this.#times.worst,
      stepMs: this.#times.mean,
      tokens: this.#tokens,
    };
  }

  close(): Promise<void> {
    this.#closing ??= this.#shut();
    return this.#closing;
  }

  async #shut(): Promise<void> {
    this.#fail(new CodedError('engine_closed', 'The engine was closed.'));
    await this.#turning;
    await this.#encoder.close();
  }

  async #turn(): Promise<void> {
    // The caller is `embed`: what it does next comes first, and calls of the same moment share their passes.
    await Promise.resolve();
    try {
      while (this.#waiting.length > 0) await this.#pass(this.#take());
    } catch (error) {
      this.#fail(
        error instanceof CodedError
          ? error
          : new CodedError('engine_failed', String(error), undefined, error),
      );
    } finally {
      this.#turning = undefined;
    }
  }

  /** The inputs of the next pass, which wait no longer. */
  #take(): Item[] {
    const chosen = new Set(
      chooseBatch(
        this.#waiting.map(({ ids }) => ids.length),
        this.#rules.tokens,
      ),
    );
    const taken = this.#waiting.filter((_, index) => chosen.has(index));
    this.#waiting = this.#waiting.filter((_, index) => !chosen.has(index));
    return taken;
  }

  async #pass(items: readonly Item[]): Promise<void> {
    const began = this.#clock.now();
    const batch = padBatch(items.map(({ ids }) => ids));
    const states = await this.#encoder.encode(batch);
    this.#times.add(this.#clock.now() - began, true);
    const { dimensions: hidden } = this.capabilities;
    for (const [row, { call, index, ids }] of items.entries()) {
      this.#tokens += ids.length;
      if (call.isOver) continue;
      const span = { first: row * batch.width * hidden, tokens: ids.length, hidden };
      const pooled = poolStates(states, span, this.#rules.pooling);
      if (!pooled.every(Number.isFinite)) {
        const message = 'The model gave numbers that are not finite.';
        this.#end(call, new CodedError('output_not_finite', message, { input: index }));
        continue;
      }
      call.vectors[index] = finishVector(pooled, call.dimensions, this.#rules.normalise);
      call.left--;
      if (call.left === 0) this.#end(call);
    }
  }

  #end(call: Call, error?: CodedError): void {
    if (call.isOver) return;
    call.isOver = true;
    this.#calls.delete(call);
    this.#waiting = this.#waiting.filter((item) => item.call !== call);
    if (error) call.reject(error);
    else call.resolve(call.vectors);
  }

  #fail(error: CodedError): void {
    this.#failure ??= error;
    for (const call of this.#calls) this.#end(call, this.#failure);
  }
}
