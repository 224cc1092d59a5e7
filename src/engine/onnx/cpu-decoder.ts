import type { InferenceSession, Tensor } from 'onnxruntime-web';
import { widenHalves } from '../../core/half.ts';
import { cacheNames, IDS, KEPT, LOGITS, MASK, POSITIONS } from '../../protocol/model/decoder-convention.ts';
import { LogitSampler } from '../sampling/logit-sampler.ts';
import type { Batch } from './batch.ts';
import type { Decoder, DecoderFiles, DecoderShape, Judge, Stopwatch } from './decoder.ts';
import { externalData } from './external-data.ts';
import { forEachHead, slotElements } from './graph.ts';
import { graphFailure } from './graph-failure.ts';
import { judgeRows } from './judge-rows.ts';
import type { OrtLibrary } from './runtime.ts';
import { pieceInputs, StepInputs } from './step-inputs.ts';

const ERRORS_ONLY = 3;

type Feeds = Record<string, Tensor>;
type Fetches = Record<string, Tensor | null>;
interface Call {
  readonly feeds: Feeds;
  readonly fetches: Fetches;
}

/**
 * The decoder on onnxruntime-node. Past and present of a layer are one array, which the graph extends in place; a slot
 * is a view of it. (The binding hands back copies of the outputs all the same: their size is constant.)
 */
export async function createCpuDecoder(
  ort: OrtLibrary,
  files: DecoderFiles,
  shape: DecoderShape,
  clock: Stopwatch,
  threads = 1,
): Promise<Decoder> {
  const options: InferenceSession.SessionOptions = {
    executionProviders: ['cpu'],
    logSeverityLevel: ERRORS_ONLY,
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    ...(await externalData(files, 'bytes')),
  };
  const session = await ort.InferenceSession.create(files.graph, options).catch((error: unknown) =>
    Promise.reject(graphFailure(error, 'model_unsupported')),
  );
  return new CpuDecoder(ort, session, shape, clock);
}

class CpuDecoder implements Decoder {
  readonly backend = 'cpu';
  readonly software = true;
  readonly gpuClass = 'cpu';
  graphMs = 0;
  readonly readBackBytes = 0;
  readonly #ort: OrtLibrary;
  readonly #clock: Stopwatch;
  readonly #session: InferenceSession;
  readonly #shape: DecoderShape;
  readonly #sampler: LogitSampler;
  readonly #inputs: StepInputs;
  /** Half precision by its bits. */
  readonly #cache: readonly (Float32Array | Uint16Array)[];
  readonly #names: ReturnType<typeof cacheNames>;
  /** Feeds and fetches by the number of rows; only the mask in them changes. */
  readonly #steps: (Call | undefined)[] = [];
  /** Of the last step: [rows, vocab]. */
  #logits = new Float32Array(0);
  /** What half-precision logits are widened into. */
  #wide = new Float32Array(0);

  constructor(ort: OrtLibrary, session: InferenceSession, shape: DecoderShape, clock: Stopwatch) {
    this.#ort = ort;
    this.#clock = clock;
    this.#session = session;
    this.#shape = shape;
    this.#sampler = new LogitSampler(shape.vocab);
    this.#inputs = new StepInputs(shape.slots, shape.context);
    this.#names = cacheNames(shape.layers);
    const elements = shape.slots * slotElements(shape);
    this.#cache = this.#names.map(() =>
      shape.cacheType === 'float16' ? new Uint16Array(elements) : new Float32Array(elements),
    );
  }

  async prefill(slot: number, tokens: readonly number[], first: number, count: number): Promise<void> {
    await this.#run(this.#pieceCall(slot, tokens, first, count));
  }

  async score(
    slot: number,
    tokens: readonly number[],
    first: number,
    count: number,
    judge: Judge,
  ): Promise<void> {
    const call = this.#pieceCall(slot, tokens, first, count);
    call.fetches[LOGITS] = null;
    if (this.#shape.hasKept) call.feeds[KEPT] = this.#integers(new Int32Array([count, 0]), []);
    const logits = await this.#run(call);
    const { vocab } = this.#shape;
    const rowOf = (i: number): Float32Array => logits.subarray(i * vocab, (i + 1) * vocab);
    judgeRows(this.#sampler, rowOf, tokens, first, count, judge);
  }

  #pieceCall(slot: number, tokens: readonly number[], first: number, count: number): Call {
    const { ids, positions, mask } = pieceInputs(tokens, first, count);
    const call = this.#call(slot, 1, this.#integers(ids, [1, count]), this.#integers(positions, [1, count]));
    call.feeds[MASK] = this.#integers(mask, [1, first + count]);
    return call;
  }

  async copy(from: number, to: number, count: number): Promise<void> {
    forEachHead(this.#shape, from, to, (source, target, headDim) => {
      for (const cache of this.#cache) cache.copyWithin(target, source, source + count * headDim);
    });
  }

  async step(batch: Batch): Promise<void> {
    const { rows } = batch;
    const inputs = this.#inputs;
    inputs.write(batch);
    const call = (this.#steps[rows] ??= this.#stepCall(rows));
    if (call.feeds[MASK]?.dims[1] !== inputs.width) {
      call.feeds[MASK] = this.#integers(inputs.mask.subarray(0, 2 * rows * inputs.width), [
        rows,
        inputs.width,
      ]);
    }
    this.#logits = await this.#run(call);
    for (let row = 0; row < rows; row++) {
      const draw = batch.draws[row];
      batch.samples[row] = draw && this.#sampler.sample(this.#logitsOf(row), draw);
    }
  }

  async readLogits(row: number): Promise<Float32Array> {
    return this.#logitsOf(row).slice();
  }

  async close(): Promise<void> {
    await this.#session.release();
  }

  async #run({ feeds, fetches }: Call): Promise<Float32Array<ArrayBuffer>> {
    const began = this.#clock.now();
    try {
      const results = await this.#session.run(feeds, fetches);
      return this.#widen(results[LOGITS]?.data as Float32Array<ArrayBuffer> | Float16Array<ArrayBuffer>);
    } catch (error) {
      throw graphFailure(error, 'engine_failed');
    } finally {
      this.graphMs += this.#clock.now() - began;
    }
  }

  #widen(logits: Float32Array<ArrayBuffer> | Float16Array<ArrayBuffer>): Float32Array<ArrayBuffer> {
    if (this.#shape.logitsType === 'float32' || !logits) return logits as Float32Array<ArrayBuffer>;
    if (this.#wide.length !== logits.length) this.#wide = new Float32Array(logits.length);
    widenHalves(new Uint16Array(logits.buffer, logits.byteOffset, logits.length), this.#wide);
    return this.#wide;
  }

  #logitsOf(row: number): Float32Array {
    const { vocab } = this.#shape;
    return this.#logits.subarray(row * vocab, (row + 1) * vocab);
  }

  #stepCall(rows: number): Call {
    const { ids, positions } = this.#inputs;
    const call = this.#call(
      0,
      rows,
      this.#integers(ids.subarray(0, 2 * rows), [rows, 1]),
      this.#integers(positions.subarray(0, 2 * rows), [rows, 1]),
    );
    call.fetches[LOGITS] = null;
    return call;
  }

  /** Feeds and fetches for `rows` slots from `slot`, without the mask; the cache's views are both. */
  #call(slot: number, rows: number, ids: Tensor, positions: Tensor): Call {
    const { kvHeads, context, headDim } = this.#shape;
    const elements = slotElements(this.#shape);
    const feeds: Feeds = { [IDS]: ids };
    if (this.#shape.hasPositions) feeds[POSITIONS] = positions;
    if (this.#shape.hasKept) feeds[KEPT] = this.#integers(new Int32Array([1, 0]), []);
    const fetches: Fetches = {};
    for (const [i, { past, present }] of this.#names.entries()) {
      const view = this.#cache[i]!.subarray(slot * elements, (slot + rows) * elements);
      feeds[past] = this.#tensor(view, [rows, kvHeads, context, headDim]);
      fetches[present] = feeds[past];
    }
    return { feeds, fetches };
  }

  #tensor(values: Float32Array | Uint16Array, dims: readonly number[]): Tensor {
    if (values instanceof Float32Array) return new this.#ort.Tensor('float32', values, dims);
    const tensor = new this.#ort.Tensor('float16', values, dims);
    // The library hands its binding a Float16Array over the same bytes, which the binding takes for an empty one.
    return Object.assign(tensor, { cpuData: values });
  }

  #integers(words: Int32Array<ArrayBuffer>, dims: readonly number[]): Tensor {
    return new this.#ort.Tensor(
      'int64',
      new BigInt64Array(words.buffer, words.byteOffset, words.length / 2),
      dims,
    );
  }
}
