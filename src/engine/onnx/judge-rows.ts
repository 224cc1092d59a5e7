import type { LogitSampler } from '../sampling/logit-sampler.ts';
import type { Judge } from './decoder.ts';

/**
 * Has logits judged that lie in memory: of `count` tokens that were fed from `tokens[first]` on.
 * @param rowOf the logits of one of them, valid until the next call
 */
export function judgeRows(
  sampler: LogitSampler,
  rowOf: (index: number) => Float32Array,
  tokens: readonly number[],
  first: number,
  count: number,
  judge: Judge,
): void {
  for (let i = 0; i < count; i++) {
    const row = rowOf(i);
    const position = first + i + 1;
    const sample = sampler.sample(row, judge.draw(position));
    judge.take(position, sample, row[sample?.id ?? 0]!, row[tokens[position]!]!);
  }
}
