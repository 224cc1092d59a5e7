import { widenHalves } from '../../core/half.ts';
import { cacheNames, IDS, KEPT, LOGITS, MASK, POSITIONS } from '../../protocol/model/decoder-convention.ts';
import { LogitSampler } from '../sampling/logit-sampler.ts';
import type { Batch } from './batch.ts';
import {
  type Decoder,
  type DecoderFiles,
  type DecoderShape,
  type Judge,
  scoreRows,
  type Stopwatch,
} from './decoder.ts';
import { bytesOf } from './external-data.ts';
import { ELEMENT_BYTES, forEachHead, slotElements } from './graph.ts';
import { graphFailure } from './graph-failure.ts';
import { judgeRows } from './judge-rows.ts';
import type { OrtWasmModule } from './ort-wasm-module.ts';
import { type Binding, type Handles, OrtWasmSession } from './ort-wasm-session.ts';
import { pieceInputs, StepInputs } from './step-inputs.ts';
import { createTaskTurn } from './task-turn.ts';

const INTEGER_BYTES = 8;

/**
 * Prompt tokens from this position on are fed one by one. Attention of several queries is slow in this build: a token
 * costs 1.9 ms at position 900 where 0.6 ms suffice alone (1 M model); early in a prompt it is the other way round.
 */
const TOGETHER = 160;

/**
 * The decoder on ONNX Runtime's WebAssembly, driven through its C interface.
 *
 * Not through the package's JavaScript: that copies every tensor into the module's memory and back at each run, the
 * whole cache included, and does not copy what the graph wrote into an output that was handed in, so a cache can't be
 * shared. Here it lies in the module's memory, and nothing of it ever moves. (One stream of the 1 M model: 7 times as
 * fast.) The results are the same bits on every machine.
 */
export async function createWasmDecoder(
  module: OrtWasmModule,
  { graph, data = [] }: DecoderFiles,
  shape: DecoderShape,
  clock: Stopwatch,
): Promise<Decoder> {
  try {
    const weights = data.map(async ({ name, content }) => ({ path: name, bytes: await bytesOf(content) }));
    const session = await OrtWasmSession.create(module, graph, await Promise.all(weights));
    return new WasmDecoder(session, shape, clock);
  } catch (error) {
    throw graphFailure(error, 'model_unsupported');
  }
}

/** How many tokens of a prompt to feed at once, from one on. */
function lengthAt(first: number, end: number): number {
  return Math.max(1, Math.min(end, TOGETHER) - first);
}

/** A binding for some number of rows, with the tensors that belong to it. */
interface Step {
  readonly binding: Binding;
  readonly tensors: number[];
  /** The width of the mask that is bound. */
  width: number;
}

class WasmDecoder implements Decoder {
  readonly backend = 'wasm';
  readonly software = true;
  readonly gpuClass = 'wasm';
  graphMs = 0;
  readonly readBackBytes = 0;
  readonly #session: OrtWasmSession;
  readonly #shape: DecoderShape;
  readonly #clock: Stopwatch;
  readonly #sampler: LogitSampler;
  readonly #inputs: StepInputs;
  readonly #names: ReturnType<typeof cacheNames>;
  /** Addresses: one array for each layer's keys and values, [slots, kvHeads, context, headDim]. */
  readonly #cache: readonly number[];
  /** Bytes of one key's or value's number. */
  readonly #cacheBytes: number;
  readonly #ids: number;
  readonly #positions: number;
  readonly #mask: number;
  readonly #logits: number;
  /** Of how many tokens at the end logits are wanted. */
  readonly #kept: number;
  /** What a row of half-precision logits is widened into. */
  readonly #wide: Float32Array | undefined;
  /** Logits of a scored piece: made where somebody first asks for scores. */
  #scored: number | undefined;
  readonly #steps: (Step | undefined)[] = [];
  readonly #turn = createTaskTurn();

  constructor(session: OrtWasmSession, shape: DecoderShape, clock: Stopwatch) {
    const { slots, context, vocab, layers } = shape;
    [this.#session, this.#shape, this.#clock] = [session, shape, clock];
    this.#sampler = new LogitSampler(vocab);
    this.#inputs = new StepInputs(slots, context);
    this.#names = cacheNames(layers);
    this.#cacheBytes = ELEMENT_BYTES[shape.cacheType];
    this.#cache = this.#names.map(() => session.allocate(slots * slotElements(shape) * this.#cacheBytes));
    // A prefill piece may be as long as the context, a step has as many rows as slots.
    this.#ids = session.allocate(Math.max(slots, context) * INTEGER_BYTES);
    this.#positions = session.allocate(Math.max(slots, context) * INTEGER_BYTES);
    this.#mask = session.allocate(slots * context * INTEGER_BYTES);
    this.#logits = session.allocate(slots * vocab * ELEMENT_BYTES[shape.logitsType]);
    if (shape.logitsType === 'float16') this.#wide = new Float32Array(vocab);
    this.#kept = session.allocate(INTEGER_BYTES);
    this.#keep(1);
  }

  async prefill(slot: number, tokens: readonly number[], first: number, count: number): Promise<void> {
    for (let at = first; at < first + count;) {
      const length = lengthAt(at, first + count);
      await this.#runPiece(slot, tokens, at, length);
      at += length;
    }
    await this.#turn.take();
  }

  async score(
    slot: number,
    tokens: readonly number[],
    first: number,
    count: number,
    judge: Judge,
  ): Promise<void> {
    const rowBytes = this.#shape.vocab * ELEMENT_BYTES[this.#shape.logitsType];
    const scored = (this.#scored ??= this.#session.allocate(scoreRows(this.#shape) * rowBytes));
    const rowOf = (row: number): Float32Array => this.#floatsAt(scored + row * rowBytes);
    for (let at = first; at < first + count;) {
      const length = lengthAt(at, first + count);
      await this.#runPiece(slot, tokens, at, length, scored);
      judgeRows(this.#sampler, rowOf, tokens, at, length, judge);
      at += length;
    }
    await this.#turn.take();
  }

  async copy(from: number, to: number, count: number): Promise<void> {
    const { HEAPU8 } = this.#session.module;
    forEachHead(this.#shape, from, to, (source, target, headDim) => {
      for (const cache of this.#cache) {
        const start = cache + source * this.#cacheBytes;
        HEAPU8.copyWithin(
          cache + target * this.#cacheBytes,
          start,
          start + count * headDim * this.#cacheBytes,
        );
      }
    });
  }

  async step(batch: Batch): Promise<void> {
    const { rows, draws, samples } = batch;
    const inputs = this.#inputs;
    inputs.write(batch);
    const step = (this.#steps[rows] ??= this.#step(rows));
    if (step.width !== inputs.width) this.#widen(step, rows, inputs.width);
    this.#put(this.#ids, inputs.ids.subarray(0, 2 * rows));
    this.#put(this.#positions, inputs.positions.subarray(0, 2 * rows));
    this.#put(this.#mask, inputs.mask.subarray(0, 2 * rows * inputs.width));
    await this.#run(step.binding);
    await this.#turn.take();
    for (let row = 0; row < rows; row++) {
      const draw = draws[row];
      samples[row] = draw && this.#sampler.sample(this.#logitsOf(row), draw);
    }
  }

  async readLogits(row: number): Promise<Float32Array> {
    return this.#logitsOf(row).slice();
  }

  async close(): Promise<void> {
    for (const step of this.#steps) if (step) this.#release(step.binding, step.tensors);
    this.#session.free(...this.#cache, this.#ids, this.#positions, this.#mask, this.#logits, this.#kept);
    if (this.#scored !== undefined) this.#session.free(this.#scored);
    this.#session.close();
    this.#turn.close();
  }

  /** @param logits where those of all positions go, [count, vocab]; nowhere unless given */
  async #runPiece(
    slot: number,
    tokens: readonly number[],
    first: number,
    count: number,
    logits?: number,
  ): Promise<void> {
    const { ids, positions, mask } = pieceInputs(tokens, first, count);
    const words = this.#tensors(count, 1);
    const cache = this.#cacheTensors(slot, 1);
    const maskTensor = this.#session.tensor('int64', this.#mask, [1, first + count]);
    const wanted: Handles = logits
      ? { [LOGITS]: this.#session.tensor(this.#shape.logitsType, logits, [1, count, this.#shape.vocab]) }
      : {};
    const feeds = { ...words, ...cache.feeds, [MASK]: maskTensor };
    const binding = this.#session.bind(feeds, { ...cache.fetches, ...wanted });
    this.#put(this.#ids, ids);
    this.#put(this.#positions, positions);
    this.#put(this.#mask, mask);
    this.#keep(logits ? count : 1);
    try {
      await this.#run(binding);
    } finally {
      this.#keep(1);
      this.#release(binding, [...Object.values(feeds), ...Object.values(wanted)]);
    }
  }

  /** @param count less than 256 */
  #keep(count: number): void {
    this.#session.module.HEAPU8[this.#kept] = count;
  }

  async #run(binding: Binding): Promise<void> {
    const began = this.#clock.now();
    try {
      await this.#session.run(binding);
    } catch (error) {
      throw graphFailure(error, 'engine_failed');
    } finally {
      this.graphMs += this.#clock.now() - began;
    }
  }

  #logitsOf(row: number): Float32Array {
    const { vocab, logitsType } = this.#shape;
    return this.#floatsAt(this.#logits + row * vocab * ELEMENT_BYTES[logitsType]);
  }

  /** One row of logits: a view that holds until the next run (the memory may move when it grows), or the next row. */
  #floatsAt(address: number): Float32Array {
    const { vocab } = this.#shape;
    const { buffer } = this.#session.module.HEAPU8;
    if (!this.#wide) return new Float32Array(buffer, address, vocab);
    widenHalves(new Uint16Array(buffer, address, vocab), this.#wide);
    return this.#wide;
  }

  #step(rows: number): Step {
    const { context, vocab, logitsType } = this.#shape;
    const session = this.#session;
    const words = this.#tensors(1, rows);
    const mask = session.tensor('int64', this.#mask, [rows, context]);
    const cache = this.#cacheTensors(0, rows);
    const logits = session.tensor(logitsType, this.#logits, [rows, 1, vocab]);
    const binding = session.bind(
      { [MASK]: mask, ...words, ...cache.feeds },
      { [LOGITS]: logits, ...cache.fetches },
    );
    const tensors = [mask, ...Object.values(words), ...Object.values(cache.feeds), logits];
    return { binding, tensors, width: context };
  }

  /** The mask is the first of a step's inputs and tensors. */
  #widen(step: Step, rows: number, width: number): void {
    const mask = this.#session.tensor('int64', this.#mask, [rows, width]);
    this.#session.rebind(step.binding, 0, mask);
    this.#session.release(step.tensors[0]!);
    step.tensors[0] = mask;
    step.width = width;
  }

  /** Ids and, where the graph wants them, positions: [rows, count]. */
  #tensors(count: number, rows: number): Handles {
    const ids = this.#session.tensor('int64', this.#ids, [rows, count]);
    const { hasPositions, hasKept } = this.#shape;
    return {
      [IDS]: ids,
      ...(hasPositions ? { [POSITIONS]: this.#session.tensor('int64', this.#positions, [rows, count]) } : {}),
      ...(hasKept ? { [KEPT]: this.#session.tensor('int64', this.#kept, []) } : {}),
    };
  }

  /** The cache of `rows` slots from `slot`: past and present are the same tensors. */
  #cacheTensors(slot: number, rows: number): { feeds: Handles; fetches: Handles } {
    const { kvHeads, context, headDim, cacheType } = this.#shape;
    const [feeds, fetches]: [Record<string, number>, Record<string, number>] = [{}, {}];
    for (const [i, { past, present }] of this.#names.entries()) {
      const address = this.#cache[i]! + slot * slotElements(this.#shape) * this.#cacheBytes;
      feeds[past] = this.#session.tensor(cacheType, address, [rows, kvHeads, context, headDim]);
      fetches[present] = feeds[past];
    }
    return { feeds, fetches };
  }

  #put(address: number, words: Int32Array<ArrayBuffer>): void {
    this.#session.module.HEAPU8.set(
      new Uint8Array(words.buffer, words.byteOffset, words.byteLength),
      address,
    );
  }

  #release({ inputNames, inputs, outputNames, outputs }: Binding, tensors: readonly number[]): void {
    this.#session.free(inputNames, inputs, outputNames, outputs);
    for (const tensor of tensors) this.#session.release(tensor);
  }
}
