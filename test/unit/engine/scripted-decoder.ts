/** A decoder without a model: it writes down what it is asked to do, and keeps a cache of tokens instead of numbers. */
import type { Batch } from '../../../src/engine/onnx/batch.ts';
import type { Decoder } from '../../../src/engine/onnx/decoder.ts';
import type { Sample } from '../../../src/protocol/wire/sample.ts';

export const sampleOf = (id: number): Sample => ({
  id,
  logprob: -1,
  topIds: [id, 1, 2, 3],
  topLogprobs: [-1, -2, -3, -4],
  projection: Array.from({ length: 8 }, () => 0),
  margin: 1,
});

/** Draws for each row the position of its new token, plus 100; or what `answer` makes of the tokens in its cache. */
export class ScriptedDecoder implements Decoder {
  readonly backend = 'cpu';
  readonly software = true;
  readonly gpuClass = 'script';
  readonly graphMs = 0;
  readonly readBackBytes = 0;
  readonly log: string[] = [];
  /** Called before each call returns. */
  during: () => void = () => {};
  broken = new Set<number>();
  answer: (cached: readonly number[]) => number = (cached) => 100 + cached.length;
  readonly cache: number[][] = Array.from({ length: 16 }, () => []);

  async prefill(slot: number, tokens: readonly number[], first: number, count: number): Promise<void> {
    this.log.push(`prefill ${slot}: ${tokens.slice(first, first + count).join(' ')}`);
    for (let i = first; i < first + count; i++) this.#write(slot, i, tokens[i]!);
    this.during();
  }

  async score(): Promise<void> {
    throw new Error('Nobody asks for it.');
  }

  async copy(from: number, to: number, count: number): Promise<void> {
    this.log.push(`copy ${from} to ${to}: ${count}`);
    for (let i = 0; i < count; i++) this.#write(to, i, this.cache[from]![i]!);
    this.during();
  }

  async step(batch: Batch): Promise<void> {
    const rows = Array.from({ length: batch.rows }, (_, row) => {
      const [token, position] = [batch.tokens[row]!, batch.positions[row]!];
      this.#write(row, position, token);
      const draw = batch.draws[row];
      const broken = this.broken.has(row);
      const drawn = draw && !broken ? this.answer(this.cache[row]!.slice(0, draw.position)) : undefined;
      batch.samples[row] = drawn === undefined ? undefined : sampleOf(drawn);
      return `${token}@${position}${draw ? '' : ' idle'}`;
    });
    this.log.push(rows.join(', '));
    this.during();
  }

  readLogits(): Promise<Float32Array> {
    throw new Error('Nobody asks for them.');
  }

  async close(): Promise<void> {}

  #write(slot: number, position: number, token: number): void {
    if (position > this.cache[slot]!.length)
      throw new Error(`Nothing lies before ${position} in slot ${slot}.`);
    this.cache[slot]![position] = token;
  }
}
