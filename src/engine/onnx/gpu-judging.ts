import type { Sample } from '../../protocol/wire/sample.ts';
import { GpuSampler } from '../kernels/gpu-sampler.ts';
import { HalfWidener } from '../kernels/half-widener.ts';
import { type Draw, isControlled } from '../sampling/logit-sampler.ts';
import { type DecoderShape, type Judge, scoreRows } from './decoder.ts';

const FLOAT_BYTES = 4;

/**
 * Has logits judged that lie on the GPU, [scoreRows, vocab]. Draws that nothing but temperature and noise decides are
 * made in one pass; others depend on the tokens before, and are made one by one.
 */
export class GpuJudging {
  /** Where the graph puts them, in the precision that it gives. */
  readonly source: GPUBuffer;
  readonly #logits: GPUBuffer;
  readonly #widener: HalfWidener | undefined;
  readonly #device: GPUDevice;
  readonly #sampler: GpuSampler;
  readonly #vocab: number;
  /** The logits of the drawn and of the given token of each row. */
  readonly #picks: GPUBuffer;
  readonly #draws: (Draw | undefined)[];
  readonly #samples: (Sample | undefined)[];
  #pickedBytes = 0;

  private constructor(
    device: GPUDevice,
    shape: DecoderShape,
    source: GPUBuffer,
    logits: GPUBuffer,
    sampler: GpuSampler,
    widener: HalfWidener | undefined,
  ) {
    [this.#device, this.#vocab, this.source] = [device, shape.vocab, source];
    [this.#logits, this.#sampler, this.#widener] = [logits, sampler, widener];
    const rows = scoreRows(shape);
    this.#picks = device.createBuffer({
      size: 2 * rows * FLOAT_BYTES,
      usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
    });
    this.#draws = Array.from({ length: rows }, () => undefined);
    this.#samples = Array.from({ length: rows }, () => undefined);
  }

  static async create(device: GPUDevice, shape: DecoderShape): Promise<GpuJudging> {
    const rows = scoreRows(shape);
    const { STORAGE, COPY_SRC } = GPUBufferUsage;
    // The widening kernel writes pairs.
    const size = Math.ceil((rows * shape.vocab) / 2) * 2 * FLOAT_BYTES;
    const buffer = (bytes: number): GPUBuffer =>
      device.createBuffer({ size: bytes, usage: STORAGE | COPY_SRC });
    const logits = buffer(size);
    const source = shape.logitsType === 'float16' ? buffer(size / 2) : logits;
    const sampler = await GpuSampler.create(device, logits, shape.vocab, rows);
    const widener = source === logits ? undefined : await HalfWidener.create(device, source, logits);
    return new GpuJudging(device, shape, source, logits, sampler, widener);
  }

  get readBackBytes(): number {
    return this.#sampler.readBackBytes + this.#pickedBytes;
  }

  /** Judges `count` rows: of tokens that were fed from `tokens[first]` on. */
  async judge(tokens: readonly number[], first: number, count: number, judge: Judge): Promise<void> {
    this.#widener?.submit(count * this.#vocab);
    for (let row = 0; row < count;) {
      const together = isControlled(judge.draw(first + row + 1)) ? 1 : count - row;
      await this.#judgeRows(tokens, first, row, row + together, judge);
      row += together;
    }
  }

  destroy(): void {
    this.#sampler.destroy();
    this.#widener?.destroy();
    this.source.destroy();
    this.#logits.destroy();
    this.#picks.destroy();
  }

  async #judgeRows(
    tokens: readonly number[],
    first: number,
    from: number,
    to: number,
    judge: Judge,
  ): Promise<void> {
    this.#draws.fill(undefined);
    for (let row = from; row < to; row++) this.#draws[row] = { ...judge.draw(first + row + 1) };
    await this.#sampler.sample(to, this.#draws, this.#samples);
    const picks = await this.#pick(tokens, first, from, to);
    for (let row = from; row < to; row++) {
      const position = first + row + 1;
      judge.take(position, this.#samples[row], picks[2 * (row - from)]!, picks[2 * (row - from) + 1]!);
    }
  }

  async #pick(tokens: readonly number[], first: number, from: number, to: number): Promise<Float32Array> {
    const commands = this.#device.createCommandEncoder();
    for (let row = from; row < to; row++) {
      const ids = [this.#samples[row]?.id ?? 0, tokens[first + row + 1]!];
      for (const [i, id] of ids.entries()) {
        const at = (row * this.#vocab + id) * FLOAT_BYTES;
        commands.copyBufferToBuffer(
          this.#logits,
          at,
          this.#picks,
          (2 * (row - from) + i) * FLOAT_BYTES,
          FLOAT_BYTES,
        );
      }
    }
    this.#device.queue.submit([commands.finish()]);
    const size = 2 * (to - from) * FLOAT_BYTES;
    await this.#picks.mapAsync(GPUMapMode.READ, 0, size);
    const picks = new Float32Array(this.#picks.getMappedRange(0, size)).slice();
    this.#picks.unmap();
    this.#pickedBytes += size;
    return picks;
  }
}
