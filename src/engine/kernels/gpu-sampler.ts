import { PROJECTION_WIDTH, projectionSigns } from '../../protocol/wire/projection.ts';
import { type Sample, TOP_COUNT } from '../../protocol/wire/sample.ts';
import { POSITION_BITS } from '../../protocol/wire/sampling-noise.ts';
import type { Draw } from '../sampling/logit-sampler.ts';
import { DRAW_BYTES, OUTCOME_BYTES, PART_BYTES, samplingShader, SPAN } from './sampling-shader.ts';

/**
 * Draws tokens from logits in a GPU buffer, [rows, vocab] as f32, and reads back 80 bytes for each row drawn.
 * Everything on the GPU is made once.
 */
export class GpuSampler {
  readonly #device: GPUDevice;
  readonly #parts: number;
  readonly #scan: GPUComputePipeline;
  readonly #conclude: GPUComputePipeline;
  readonly #bindings: GPUBindGroup;
  readonly #buffers: Readonly<
    Record<'constants' | 'signs' | 'draws' | 'parts' | 'outcomes' | 'results', GPUBuffer>
  >;
  readonly #draws: DataView<ArrayBuffer>;
  /** Bytes that came back from the GPU so far. */
  readBackBytes = 0;

  private constructor(
    device: GPUDevice,
    [scan, conclude]: readonly [GPUComputePipeline, GPUComputePipeline],
    layout: GPUBindGroupLayout,
    logits: GPUBuffer,
    vocab: number,
    rows: number,
  ) {
    this.#device = device;
    [this.#scan, this.#conclude] = [scan, conclude];
    this.#parts = Math.ceil(vocab / SPAN);
    this.#draws = new DataView(new ArrayBuffer(rows * DRAW_BYTES));
    const { STORAGE, COPY_DST, COPY_SRC, MAP_READ, UNIFORM } = GPUBufferUsage;
    const buffer = (size: number, usage: number): GPUBuffer => device.createBuffer({ size, usage });
    const signs = packSigns(vocab);
    const constants = constantsOf(vocab, this.#parts);
    this.#buffers = {
      constants: buffer(constants.byteLength, UNIFORM | COPY_DST),
      signs: buffer(signs.byteLength, STORAGE | COPY_DST),
      draws: buffer(this.#draws.byteLength, STORAGE | COPY_DST),
      parts: buffer(rows * this.#parts * PART_BYTES, STORAGE),
      outcomes: buffer(rows * OUTCOME_BYTES, STORAGE | COPY_SRC),
      results: buffer(rows * OUTCOME_BYTES, MAP_READ | COPY_DST),
    };
    device.queue.writeBuffer(this.#buffers.constants, 0, constants);
    device.queue.writeBuffer(this.#buffers.signs, 0, signs);
    const { constants: uniform, signs: packed, draws, parts, outcomes } = this.#buffers;
    this.#bindings = device.createBindGroup({
      layout,
      entries: [uniform, logits, packed, draws, parts, outcomes].map((buffer, binding) => ({
        binding,
        resource: { buffer },
      })),
    });
  }

  static async create(
    device: GPUDevice,
    logits: GPUBuffer,
    vocab: number,
    rows: number,
  ): Promise<GpuSampler> {
    const kinds = [
      'uniform',
      'read-only-storage',
      'read-only-storage',
      'read-only-storage',
      'storage',
      'storage',
    ];
    const layout = device.createBindGroupLayout({
      entries: kinds.map((type, binding) => ({
        binding,
        visibility: GPUShaderStage.COMPUTE,
        buffer: { type: type as GPUBufferBindingType },
      })),
    });
    const pipelineLayout = device.createPipelineLayout({ bindGroupLayouts: [layout] });
    const module = device.createShaderModule({ code: samplingShader, label: 'sampling' });
    const compile = (entryPoint: string): Promise<GPUComputePipeline> =>
      device.createComputePipelineAsync({ layout: pipelineLayout, compute: { module, entryPoint } });
    const pipelines = [await compile('scan'), await compile('conclude')] as const;
    return new GpuSampler(device, pipelines, layout, logits, vocab, rows);
  }

  /**
   * Draws for each row that has a draw; the others' samples, and those of rows with logits that are not finite, become
   * undefined. The commands follow whatever was submitted before.
   */
  async sample(
    rows: number,
    draws: readonly (Draw | undefined)[],
    samples: (Sample | undefined)[],
  ): Promise<void> {
    let count = 0;
    for (let row = 0; row < rows; row++) {
      const draw = draws[row];
      if (draw) this.#writeDraw(count++, row, draw);
    }
    this.#submit(count);
    const { results } = this.#buffers;
    await results.mapAsync(GPUMapMode.READ, 0, count * OUTCOME_BYTES);
    const outcomes = new DataView(results.getMappedRange(0, count * OUTCOME_BYTES));
    this.readBackBytes += count * OUTCOME_BYTES;
    let at = 0;
    for (let row = 0; row < rows; row++) {
      samples[row] = draws[row] && readOutcome(outcomes, OUTCOME_BYTES * at++);
    }
    results.unmap();
  }

  destroy(): void {
    for (const buffer of Object.values(this.#buffers)) buffer.destroy();
  }

  #writeDraw(at: number, row: number, { seed, choice, position, temperature }: Draw): void {
    const start = at * DRAW_BYTES;
    this.#draws.setUint32(start, seed.low, true);
    this.#draws.setUint32(start + 4, seed.high, true);
    this.#draws.setUint32(start + 8, (choice * 2 ** POSITION_BITS + position) >>> 0, true);
    this.#draws.setFloat32(start + 12, temperature, true);
    this.#draws.setUint32(start + 16, row, true);
  }

  #submit(count: number): void {
    const { draws, outcomes, results } = this.#buffers;
    this.#device.queue.writeBuffer(draws, 0, this.#draws.buffer, 0, count * DRAW_BYTES);
    const commands = this.#device.createCommandEncoder();
    const pass = commands.beginComputePass();
    pass.setBindGroup(0, this.#bindings);
    pass.setPipeline(this.#scan);
    pass.dispatchWorkgroups(this.#parts, count);
    pass.setPipeline(this.#conclude);
    pass.dispatchWorkgroups(count);
    pass.end();
    commands.copyBufferToBuffer(outcomes, 0, results, 0, count * OUTCOME_BYTES);
    this.#device.queue.submit([commands.finish()]);
  }
}

/** An `Outcome` of the shader, at `start`. */
function readOutcome(view: DataView, start: number): Sample | undefined {
  const word = (i: number): number => view.getUint32(start + 4 * i, true);
  const float = (i: number): number => view.getFloat32(start + 4 * i, true);
  if (word(3) !== 0) return undefined;
  return {
    id: word(0),
    logprob: float(1),
    margin: float(2),
    topIds: Array.from({ length: TOP_COUNT }, (_, i) => word(4 + i)),
    topLogprobs: Array.from({ length: TOP_COUNT }, (_, i) => float(4 + TOP_COUNT + i)),
    projection: Array.from({ length: PROJECTION_WIDTH }, (_, i) => float(4 + 2 * TOP_COUNT + i)),
  };
}

function packSigns(vocab: number): Uint8Array<ArrayBuffer> {
  const packed = new Uint8Array(Math.ceil(vocab / 4) * 4);
  packed.set(projectionSigns(vocab));
  return packed;
}

/** The shader's `Constants`. */
function constantsOf(vocab: number, parts: number): ArrayBuffer {
  const buffer = new ArrayBuffer(4 * (4 + PROJECTION_WIDTH));
  const [words, floats] = [new Uint32Array(buffer), new Float32Array(buffer)];
  words[0] = vocab;
  words[1] = parts;
  floats[2] = 1 / Math.sqrt(vocab);
  for (const byte of projectionSigns(vocab)) {
    for (let j = 0; j < PROJECTION_WIDTH; j++) floats[4 + j]! += (byte >> j) & 1 ? -1 : 1;
  }
  return buffer;
}
