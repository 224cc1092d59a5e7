import type { InferenceSession, Tensor } from 'onnxruntime-web';
import { CodedError } from '../../core/errors.ts';
import type { FloatType } from '../../protocol/model/decoder-facts.ts';
import {
  type CacheName,
  cacheNames,
  IDS,
  KEPT,
  LOGITS,
  MASK,
  POSITIONS,
} from '../../protocol/model/decoder-convention.ts';
import { GpuSampler } from '../kernels/gpu-sampler.ts';
import { HalfWidener } from '../kernels/half-widener.ts';
import { useSoftwareShaders } from '../kernels/software-shaders.ts';
import type { Batch } from './batch.ts';
import { inOrder } from './call-order.ts';
import type { Decoder, DecoderFiles, DecoderShape, Judge, Stopwatch } from './decoder.ts';
import { DeviceWatch } from './device-watch.ts';
import { externalData } from './external-data.ts';
import { GpuJudging } from './gpu-judging.ts';
import { ELEMENT_BYTES, forEachHead, slotElements } from './graph.ts';
import { graphFailure } from './graph-failure.ts';
import type { OrtLibrary, WebGpuRuntime } from './runtime.ts';
import { pieceInputs, StepInputs } from './step-inputs.ts';

type Feeds = Record<string, Tensor>;
interface Call {
  readonly feeds: Feeds;
  readonly fetches: Feeds;
}

const FLOAT_BYTES = 4;

/** It warns of shape computations on the CPU, which is where they belong. */
const ERRORS_ONLY = 3;

/**
 * The decoder on onnxruntime-web's WebGPU provider, on a device of our own. Keys and values never leave the GPU: each
 * layer has one buffer for all slots, fed as past and fetched as present, and a step of `rows` streams uses its first
 * rows. Logits stay there, too, for the sampling kernel.
 *
 * GroupQueryAttention takes several tokens on top of a past for a batch of one only, and a tensor can't begin inside a
 * buffer: so prompts are prefilled in a staging cache of one slot, and each piece is copied into the shared cache. A
 * prompt whose turn comes after another's is copied back first.
 */
export async function createWebGpuDecoder(
  runtime: WebGpuRuntime,
  files: DecoderFiles,
  shape: DecoderShape,
  clock: Stopwatch,
): Promise<Decoder> {
  const { ort, device } = runtime;
  const sizes = sizesOf(device, shape);
  if (runtime.software) useSoftwareShaders(device);
  const options: InferenceSession.SessionOptions = {
    executionProviders: [{ name: 'webgpu', device }],
    preferredOutputLocation: 'gpu-buffer',
    logSeverityLevel: ERRORS_ONLY,
    ...(await externalData(files, 'blobs')),
  };
  const session = await inOrder(ort, () => ort.InferenceSession.create(files.graph, options)).catch(
    (error: unknown) => Promise.reject(graphFailure(error, 'model_unsupported')),
  );
  try {
    const buffers = await allocate(device, sizes, shape);
    const sampler = await GpuSampler.create(device, buffers.logits, shape.vocab, shape.slots);
    // A GPU compiles them in a moment, a processor in seconds that few streams need.
    if (!runtime.software) await sampler.prepareControls();
    const widener = buffers.halves && (await HalfWidener.create(device, buffers.halves, buffers.logits));
    return new WebGpuDecoder(runtime, session, shape, clock, buffers, sampler, widener);
  } catch (error) {
    await inOrder(ort, () => session.release());
    throw error;
  }
}

interface Buffers {
  /** One for each layer's keys and values: [slots, kvHeads, context, headDim]. */
  readonly cache: readonly GPUBuffer[];
  /** Likewise, with one slot. */
  readonly staging: readonly GPUBuffer[];
  /** [slots, 1, vocab], in single precision. */
  readonly logits: GPUBuffer;
  /** The same in half precision, where the graph gives that. */
  readonly halves: GPUBuffer | undefined;
}

interface Sizes {
  readonly cache: number;
  readonly staging: number;
  readonly logits: number;
}

/** Bytes of the buffers. @throws CodedError `out_of_memory` where one is larger than this GPU allows */
function sizesOf({ limits }: GPUDevice, shape: DecoderShape): Sizes {
  const staging = slotElements(shape) * ELEMENT_BYTES[shape.cacheType];
  // The widening kernel writes pairs.
  const logits = Math.ceil((shape.slots * shape.vocab) / 2) * 2 * FLOAT_BYTES;
  const sizes = { staging, cache: shape.slots * staging, logits };
  const largest = Math.min(limits.maxBufferSize, limits.maxStorageBufferBindingSize);
  if (Math.max(sizes.cache, sizes.logits) <= largest) return sizes;
  const message = 'The cache of this many streams does not fit into a buffer of this GPU.';
  throw new CodedError('out_of_memory', message, { ...sizes, largest });
}

/** @throws CodedError `out_of_memory` */
async function allocate(
  device: GPUDevice,
  sizes: Sizes,
  { layers, logitsType }: DecoderShape,
): Promise<Buffers> {
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
  const one = (size: number): GPUBuffer => device.createBuffer({ size, usage });
  const each = (size: number): GPUBuffer[] => cacheNames(layers).map(() => one(size));
  device.pushErrorScope('out-of-memory');
  const buffers = {
    cache: each(sizes.cache),
    staging: each(sizes.staging),
    logits: one(sizes.logits),
    halves: logitsType === 'float16' ? one(sizes.logits / 2) : undefined,
  };
  const failure = await device.popErrorScope();
  if (!failure) return buffers;
  destroyAll(buffers);
  const message = 'The GPU has not enough memory for this model and its streams.';
  throw new CodedError('out_of_memory', message, { ...sizes, text: failure.message });
}

function destroyAll({ cache, staging, logits, halves }: Buffers): void {
  for (const buffer of [...cache, ...staging, logits]) buffer.destroy();
  halves?.destroy();
}

class WebGpuDecoder implements Decoder {
  readonly backend = 'webgpu';
  readonly software: boolean;
  readonly gpuClass: string;
  graphMs = 0;
  readonly #ort: OrtLibrary;
  readonly #device: GPUDevice;
  readonly #watch: DeviceWatch;
  readonly #session: InferenceSession;
  readonly #shape: DecoderShape;
  readonly #clock: Stopwatch;
  readonly #buffers: Buffers;
  readonly #sampler: GpuSampler;
  readonly #widener: HalfWidener | undefined;
  /** Bytes of one key's or value's number. */
  readonly #cacheBytes: number;
  readonly #names: readonly CacheName[];
  readonly #inputs: StepInputs;
  /** Feeds and fetches by the number of rows; only the mask in them changes. */
  readonly #steps: (Call | undefined)[] = [];
  /** The slot whose first positions lie in the staging cache, too, and how many. */
  #staged = { slot: 0, length: 0 };
  /** Made where somebody first asks for scores. */
  #judging: GpuJudging | undefined;

  constructor(
    { ort, device, software, gpuClass }: WebGpuRuntime,
    session: InferenceSession,
    shape: DecoderShape,
    clock: Stopwatch,
    buffers: Buffers,
    sampler: GpuSampler,
    widener: HalfWidener | undefined,
  ) {
    [this.#ort, this.#device, this.#session] = [ort, device, session];
    [this.#shape, this.#clock, this.#buffers, this.#sampler] = [shape, clock, buffers, sampler];
    this.#widener = widener;
    this.#cacheBytes = ELEMENT_BYTES[shape.cacheType];
    [this.software, this.gpuClass] = [software, gpuClass];
    this.#names = cacheNames(shape.layers);
    this.#inputs = new StepInputs(shape.slots, shape.context);
    this.#watch = new DeviceWatch(device);
  }

  get readBackBytes(): number {
    return this.#sampler.readBackBytes + (this.#judging?.readBackBytes ?? 0);
  }

  prefill(slot: number, tokens: readonly number[], first: number, count: number): Promise<void> {
    return this.#guard(async () => {
      await this.#runPiece(slot, tokens, first, count);
      // Without this wait, pieces would pile up on the GPU and their times would mean nothing.
      await this.#device.queue.onSubmittedWorkDone();
    });
  }

  score(slot: number, tokens: readonly number[], first: number, count: number, judge: Judge): Promise<void> {
    return this.#guard(async () => {
      this.#judging ??= await GpuJudging.create(this.#device, this.#shape);
      await this.#runPiece(slot, tokens, first, count, this.#judging.source);
      await this.#judging.judge(tokens, first, count, judge);
    });
  }

  /** By way of the staging cache: a buffer can't be copied into itself. */
  copy(from: number, to: number, count: number): Promise<void> {
    return this.#guard(async () => {
      this.#stage(from, count);
      this.#move('out', to, 0, count);
      this.#staged = { slot: to, length: count };
    });
  }

  step(batch: Batch): Promise<void> {
    const { rows } = batch;
    const inputs = this.#inputs;
    inputs.write(batch);
    this.#forgetOverwritten(batch);
    const call = (this.#steps[rows] ??= this.#stepCall(rows));
    if (call.feeds[MASK]?.dims[1] !== inputs.width) {
      call.feeds[MASK] = this.#integers(inputs.mask.subarray(0, 2 * rows * inputs.width), [
        rows,
        inputs.width,
      ]);
    }
    return this.#guard(async () => {
      await this.#session.run(call.feeds, call.fetches);
      this.#widener?.submit(rows * this.#shape.vocab);
      await this.#sampler.sample(rows, batch.draws, batch.samples);
    });
  }

  async readLogits(row: number): Promise<Float32Array> {
    const size = this.#shape.vocab * FLOAT_BYTES;
    const copy = this.#device.createBuffer({
      size,
      usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
    });
    const commands = this.#device.createCommandEncoder();
    commands.copyBufferToBuffer(this.#buffers.logits, row * size, copy, 0, size);
    this.#device.queue.submit([commands.finish()]);
    await copy.mapAsync(GPUMapMode.READ);
    const logits = new Float32Array(copy.getMappedRange()).slice();
    copy.destroy();
    return logits;
  }

  /** The device stays: it belongs to whoever handed it in. */
  async close(): Promise<void> {
    destroyAll(this.#buffers);
    this.#sampler.destroy();
    this.#widener?.destroy();
    this.#judging?.destroy();
    if (!this.#watch.lost) await inOrder(this.#ort, () => this.#session.release());
  }

  /** Runs one call when its turn comes; ends it with `device_lost` as soon as the device is lost. */
  #guard(work: () => Promise<void>): Promise<void> {
    return inOrder(this.#ort, async () => {
      const began = this.#clock.now();
      try {
        await this.#watch.guard(work);
      } catch (error) {
        throw graphFailure(error, 'engine_failed');
      } finally {
        this.graphMs += this.#clock.now() - began;
      }
    });
  }

  /** A stream that begins anew in the staged slot makes what was staged of another's tokens stale. */
  #forgetOverwritten({ rows, draws, positions }: Batch): void {
    const { slot, length } = this.#staged;
    if (slot < rows && draws[slot] && positions[slot]! < length) this.#staged.length = positions[slot]!;
  }

  /** @param logits where those of all positions go, [count, vocab]; nowhere unless given */
  async #runPiece(
    slot: number,
    tokens: readonly number[],
    first: number,
    count: number,
    logits?: GPUBuffer,
  ): Promise<void> {
    const { ids, positions, mask } = pieceInputs(tokens, first, count);
    const integers = [this.#integers(ids, [1, count]), this.#integers(positions, [1, count])] as const;
    const call = this.#call(this.#buffers.staging, 1, ...integers);
    call.feeds[MASK] = this.#integers(mask, [1, first + count]);
    if (logits) {
      const { vocab, logitsType, hasKept } = this.#shape;
      call.fetches[LOGITS] = this.#floats(logits, logitsType, [1, count, vocab]);
      if (hasKept) call.feeds[KEPT] = this.#integers(new Int32Array([count, 0]), []);
    }
    this.#stage(slot, first);
    await this.#session.run(call.feeds, call.fetches);
    this.#move('out', slot, first, count);
    this.#staged = { slot, length: first + count };
  }

  /** Brings the first `length` positions of a slot into the staging cache, unless they are there. */
  #stage(slot: number, length: number): void {
    if (length === 0 || (this.#staged.slot === slot && this.#staged.length >= length)) return;
    this.#move('in', slot, 0, length);
  }

  /** Copies `count` positions from `first` on from a slot into the staging cache, or out of it. */
  #move(way: 'in' | 'out', slot: number, first: number, count: number): void {
    const commands = this.#device.createCommandEncoder();
    const { staging, cache } = this.#buffers;
    forEachHead(this.#shape, 0, slot, (inStaging, inSlot, headDim) => {
      const [at, size] = [first * headDim * this.#cacheBytes, count * headDim * this.#cacheBytes];
      const [near, far] = [inStaging * this.#cacheBytes + at, inSlot * this.#cacheBytes + at];
      for (const [i, one] of staging.entries()) {
        if (way === 'in') commands.copyBufferToBuffer(cache[i]!, far, one, near, size);
        else commands.copyBufferToBuffer(one, near, cache[i]!, far, size);
      }
    });
    this.#device.queue.submit([commands.finish()]);
  }

  #stepCall(rows: number): Call {
    const { ids, positions } = this.#inputs;
    const words = [ids, positions].map((input) => this.#integers(input.subarray(0, 2 * rows), [rows, 1]));
    const call = this.#call(this.#buffers.cache, rows, words[0]!, words[1]!);
    const { vocab, logitsType } = this.#shape;
    const { logits, halves = logits } = this.#buffers;
    call.fetches[LOGITS] = this.#floats(halves, logitsType, [rows, 1, vocab]);
    return call;
  }

  /** Feeds and fetches for the first `rows` slots of a cache, without the mask. */
  #call(cache: readonly GPUBuffer[], rows: number, ids: Tensor, positions: Tensor): Call {
    const { kvHeads, context, headDim, cacheType } = this.#shape;
    const feeds: Feeds = { [IDS]: ids };
    if (this.#shape.hasPositions) feeds[POSITIONS] = positions;
    if (this.#shape.hasKept) feeds[KEPT] = this.#integers(new Int32Array([1, 0]), []);
    const fetches: Feeds = {};
    for (const [i, { past, present }] of this.#names.entries()) {
      feeds[past] = this.#floats(cache[i]!, cacheType, [rows, kvHeads, context, headDim]);
      fetches[present] = feeds[past];
    }
    return { feeds, fetches };
  }

  #floats(buffer: GPUBuffer, dataType: FloatType, dims: readonly number[]): Tensor {
    return this.#ort.Tensor.fromGpuBuffer(buffer, { dataType, dims });
  }

  #integers(words: Int32Array<ArrayBuffer>, dims: readonly number[]): Tensor {
    return new this.#ort.Tensor(
      'int64',
      new BigInt64Array(words.buffer, words.byteOffset, words.length / 2),
      dims,
    );
  }
}
