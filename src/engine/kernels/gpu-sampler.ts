import { PROJECTION_WIDTH, projectionSigns } from '../../protocol/wire/projection.ts';
import { MAX_TOP, type Sample, TOP_COUNT } from '../../protocol/wire/sample.ts';
import { type Draw, topCount } from '../sampling/logit-sampler.ts';
import { ControlBuffer } from './control-buffer.ts';
import { DrawList } from './draw-list.ts';
import { SELECTION_BYTES, SELECTION_TOP } from './draw-shader.ts';
import { type ControlPipelines, type DrawPipelines, SamplingPipelines } from './sampling-pipelines.ts';
import { OUTCOME_BYTES, PART_BYTES, SPAN } from './sampling-shader.ts';

/** Bytes of the likeliest ids and their logits, for draws that want more of them than each outcome has. */
const TOP_BYTES = MAX_TOP * 8;

/** No margin is so large: the token had no runner-up. */
const UNRIVALLED = 1e38;

type Buffers = Readonly<
  Record<
    'constants' | 'signs' | 'draws' | 'parts' | 'outcomes' | 'selections' | 'results' | 'topResults',
    GPUBuffer
  >
>;

/**
 * Draws tokens from logits in a GPU buffer, [rows, vocab] as f32, and reads back 80 bytes for each row drawn, and 160
 * more where more than four likeliest ids are wanted. Buffers are made once; the kernels of bias, penalties, masks,
 * filters and long lists of likeliest ids are compiled when they are first needed.
 */
export class GpuSampler {
  readonly #device: GPUDevice;
  readonly #vocab: number;
  readonly #parts: number;
  readonly #pipelines: SamplingPipelines;
  readonly #plain: DrawPipelines;
  readonly #bindings: GPUBindGroup;
  readonly #buffers: Buffers;
  readonly #controls: ControlBuffer;
  readonly #list: DrawList;
  /** Bytes that came back from the GPU so far. */
  readBackBytes = 0;

  private constructor(
    device: GPUDevice,
    pipelines: SamplingPipelines,
    plain: DrawPipelines,
    logits: GPUBuffer,
    vocab: number,
    rows: number,
  ) {
    [this.#device, this.#pipelines, this.#plain, this.#vocab] = [device, pipelines, plain, vocab];
    this.#parts = Math.ceil(vocab / SPAN);
    this.#list = new DrawList(rows);
    this.#controls = new ControlBuffer(device, vocab, rows);
    const { STORAGE, COPY_DST, COPY_SRC, MAP_READ, UNIFORM } = GPUBufferUsage;
    const buffer = (size: number, usage: number): GPUBuffer => device.createBuffer({ size, usage });
    const signs = packSigns(vocab);
    const constants = constantsOf(vocab, this.#parts, rows);
    this.#buffers = {
      constants: buffer(constants.byteLength, UNIFORM | COPY_DST),
      signs: buffer(signs.byteLength, STORAGE | COPY_DST),
      draws: buffer(this.#list.bytes.byteLength, STORAGE | COPY_DST),
      parts: buffer(rows * this.#parts * PART_BYTES, STORAGE),
      outcomes: buffer(rows * OUTCOME_BYTES, STORAGE | COPY_SRC),
      selections: buffer(rows * SELECTION_BYTES, STORAGE | COPY_SRC),
      results: buffer(rows * OUTCOME_BYTES, MAP_READ | COPY_DST),
      topResults: buffer(rows * TOP_BYTES, MAP_READ | COPY_DST),
    };
    device.queue.writeBuffer(this.#buffers.constants, 0, constants);
    device.queue.writeBuffer(this.#buffers.signs, 0, signs);
    const { constants: uniform, signs: packed, draws, parts, outcomes, selections } = this.#buffers;
    const bound = [uniform, logits, packed, draws, parts, outcomes, this.#controls.buffer, selections];
    this.#bindings = device.createBindGroup({
      layout: pipelines.layout,
      entries: bound.map((buffer, binding) => ({ binding, resource: { buffer } })),
    });
  }

  static async create(
    device: GPUDevice,
    logits: GPUBuffer,
    vocab: number,
    rows: number,
  ): Promise<GpuSampler> {
    const pipelines = new SamplingPipelines(device);
    return new GpuSampler(device, pipelines, await pipelines.plain(), logits, vocab, rows);
  }

  /** Compiles what controlled draws need, so that the first one does not wait for it. */
  async prepareControls(): Promise<void> {
    await this.#pipelines.controlled();
  }

  /**
   * Draws for each row that has a draw; the others' samples, and those of rows with logits that are not finite or with
   * a mask that lets no id come, become undefined. The commands follow whatever was submitted before.
   */
  async sample(
    rows: number,
    draws: readonly (Draw | undefined)[],
    samples: (Sample | undefined)[],
  ): Promise<void> {
    const list = this.#list;
    list.fill(rows, draws);
    for (let row = 0; row < rows; row++) {
      const { adjustments, mask } = draws[row] ?? {};
      if (adjustments) this.#controls.adjust(row, adjustments);
      if (mask) this.#controls.mask(row, mask);
    }
    const controlled = list.controlled > 0 || list.selects ? await this.#pipelines.controlled() : undefined;
    const ranked = this.#submit(controlled, rows, draws);
    const { results, topResults } = this.#buffers;
    const bytes = (list.plain + list.controlled) * OUTCOME_BYTES;
    await Promise.all([
      results.mapAsync(GPUMapMode.READ, 0, bytes),
      ranked > 0 ? topResults.mapAsync(GPUMapMode.READ, 0, ranked * TOP_BYTES) : undefined,
    ]);
    this.readBackBytes += bytes + ranked * TOP_BYTES;
    const outcomes = new DataView(results.getMappedRange(0, bytes));
    const tops = ranked > 0 ? new DataView(topResults.getMappedRange(0, ranked * TOP_BYTES)) : undefined;
    let top = 0;
    for (let row = 0; row < rows; row++) {
      const draw = draws[row];
      samples[row] = draw && this.#readSample(outcomes, row);
      if (!draw || !isRanked(draw)) continue;
      const sample = samples[row];
      if (sample) samples[row] = { ...sample, ...this.#readTop(tops!, top, draw, sample) };
      top++;
    }
    results.unmap();
    if (tops) topResults.unmap();
  }

  destroy(): void {
    for (const buffer of Object.values(this.#buffers)) buffer.destroy();
    this.#controls.destroy();
  }

  /** @returns how many rows' likeliest ids come back, in the order of the rows */
  #submit(
    controlled: ControlPipelines | undefined,
    rows: number,
    draws: readonly (Draw | undefined)[],
  ): number {
    const list = this.#list;
    const { draws: buffer, outcomes, selections, results, topResults } = this.#buffers;
    this.#device.queue.writeBuffer(buffer, 0, list.bytes);
    const commands = this.#device.createCommandEncoder();
    const pass = commands.beginComputePass();
    pass.setBindGroup(0, this.#bindings);
    const run = (pipeline: GPUComputePipeline, x: number, y = 1): void => {
      pass.setPipeline(pipeline);
      pass.dispatchWorkgroups(x, y);
    };
    if (list.selects) run(controlled!.select, list.rows);
    if (list.plain > 0) run(this.#plain.scan, this.#parts, list.plain);
    if (list.controlled > 0) run(controlled!.scan, this.#parts, list.controlled);
    if (list.plain > 0) run(this.#plain.conclude, list.plain);
    if (list.controlled > 0) run(controlled!.conclude, list.controlled);
    pass.end();
    const copy = (from: number, to: number, count: number): void => {
      if (count === 0) return;
      const size = count * OUTCOME_BYTES;
      commands.copyBufferToBuffer(outcomes, from * OUTCOME_BYTES, results, to * OUTCOME_BYTES, size);
    };
    copy(0, 0, list.plain);
    copy(list.rows - list.controlled, list.plain, list.controlled);
    let ranked = 0;
    for (let row = 0; row < rows; row++) {
      if (!draws[row] || !isRanked(draws[row]!)) continue;
      const from = list.placeOf(row) * SELECTION_BYTES + SELECTION_TOP;
      commands.copyBufferToBuffer(selections, from, topResults, ranked++ * TOP_BYTES, TOP_BYTES);
    }
    this.#device.queue.submit([commands.finish()]);
    return ranked;
  }

  /** An `Outcome` of the shader. */
  #readSample(view: DataView, row: number): Sample | undefined {
    const { plain, controlled, rows } = this.#list;
    const place = this.#list.placeOf(row);
    const start = OUTCOME_BYTES * (place < plain ? place : place - (rows - controlled) + plain);
    const word = (i: number): number => view.getUint32(start + 4 * i, true);
    const float = (i: number): number => view.getFloat32(start + 4 * i, true);
    if (word(3) !== 0) return undefined;
    const margin = float(2);
    const length = Math.min(TOP_COUNT, this.#vocab);
    return {
      id: word(0),
      logprob: float(1),
      margin: margin < UNRIVALLED ? margin : Number.POSITIVE_INFINITY,
      topIds: Array.from({ length }, (_, i) => word(4 + i)),
      topLogprobs: Array.from({ length }, (_, i) => float(4 + TOP_COUNT + i)),
      projection: Array.from({ length: PROJECTION_WIDTH }, (_, i) => float(4 + 2 * TOP_COUNT + i)),
    };
  }

  /** The likeliest ids of a `Selection`: logits, of which the greatest has the log-probability of the outcome's first. */
  #readTop(
    view: DataView,
    at: number,
    draw: Draw,
    { topLogprobs }: Sample,
  ): Pick<Sample, 'topIds' | 'topLogprobs'> {
    const start = at * TOP_BYTES;
    const length = topCount(draw, this.#vocab);
    const logit = (i: number): number => view.getFloat32(start + 8 * i + 4, true);
    return {
      topIds: Array.from({ length }, (_, i) => view.getUint32(start + 8 * i, true)),
      topLogprobs: Array.from({ length }, (_, i) => topLogprobs[0]! + logit(i) - logit(0)),
    };
  }
}

/** Whether a draw wants more likeliest ids than its outcome has. */
function isRanked({ top = 0 }: Draw): boolean {
  return top > TOP_COUNT;
}

function packSigns(vocab: number): Uint8Array<ArrayBuffer> {
  const packed = new Uint8Array(Math.ceil(vocab / 4) * 4);
  packed.set(projectionSigns(vocab));
  return packed;
}

/** The shader's `Constants`. */
function constantsOf(vocab: number, parts: number, rows: number): ArrayBuffer {
  const buffer = new ArrayBuffer(4 * (4 + PROJECTION_WIDTH));
  const [words, floats] = [new Uint32Array(buffer), new Float32Array(buffer)];
  words[0] = vocab;
  words[1] = parts;
  floats[2] = 1 / Math.sqrt(vocab);
  words[3] = rows;
  for (const byte of projectionSigns(vocab)) {
    for (let j = 0; j < PROJECTION_WIDTH; j++) floats[4 + j]! += (byte >> j) & 1 ? -1 : 1;
  }
  return buffer;
}
