import type { LogitAdjustments } from '../sampling/logit-adjustments.ts';

const WORD_BYTES = 4;

/**
 * What is added to each row's logits, and each row's mask, on the GPU: [rows, vocab] f32, then [rows, ceil(vocab / 32)]
 * words. A row's adjustments are sent whole when another stream takes the row, and then one number for each token.
 */
export class ControlBuffer {
  readonly buffer: GPUBuffer;
  readonly #device: GPUDevice;
  readonly #vocab: number;
  readonly #words: number;
  readonly #rows: number;
  /** Whose adjustments each row has, as of which of their changes. */
  readonly #owners: (LogitAdjustments | undefined)[];
  readonly #changes: Uint32Array;
  /** One row: made where a stream first has adjustments. */
  #row: Float32Array<ArrayBuffer> | undefined;
  readonly #one = new Float32Array(1);

  constructor(device: GPUDevice, vocab: number, rows: number) {
    [this.#device, this.#vocab, this.#rows] = [device, vocab, rows];
    this.#words = Math.ceil(vocab / 32);
    this.#owners = Array.from({ length: rows }, () => undefined);
    this.#changes = new Uint32Array(rows);
    const size = rows * (vocab + this.#words) * WORD_BYTES;
    this.buffer = device.createBuffer({ size, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST });
  }

  adjust(row: number, adjustments: LogitAdjustments): void {
    const { changes, changed, values } = adjustments;
    const behind = this.#owners[row] === adjustments ? changes - this.#changes[row]! : Infinity;
    this.#owners[row] = adjustments;
    this.#changes[row] = changes;
    if (behind === 0) return;
    if (behind === 1) {
      this.#one[0] = values.get(changed)!;
      this.#write(row * this.#vocab + changed, this.#one);
      return;
    }
    this.#row ??= new Float32Array(this.#vocab);
    this.#row.fill(0);
    for (const [id, value] of values) this.#row[id] = value;
    this.#write(row * this.#vocab, this.#row);
  }

  /** @param mask ceil(vocab / 32) words, or more. */
  mask(row: number, mask: Uint32Array): void {
    const at = this.#rows * this.#vocab + row * this.#words;
    this.#write(at, mask.subarray(0, this.#words) as Uint32Array<ArrayBuffer>);
  }

  destroy(): void {
    this.buffer.destroy();
  }

  #write(word: number, values: Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>): void {
    this.#device.queue.writeBuffer(this.buffer, word * WORD_BYTES, values);
  }
}
