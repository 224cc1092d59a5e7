import type { FloatType } from '../../protocol/model/decoder-facts.ts';
import type { DecoderShape } from './decoder.ts';

/** Elements of one layer's keys or values of one slot. */
export function slotElements({ kvHeads, context, headDim }: DecoderShape): number {
  return kvHeads * context * headDim;
}

/** Calls back with where each head's keys or values of two slots begin, in elements, and how many a position has. */
export function forEachHead(
  { kvHeads, context, headDim }: DecoderShape,
  from: number,
  to: number,
  call: (source: number, target: number, headDim: number) => void,
): void {
  for (let head = 0; head < kvHeads; head++) {
    const [source, target] = [from, to].map((slot) => (slot * kvHeads + head) * context * headDim);
    call(source!, target!, headDim);
  }
}

/** Bytes of one element. */
export const ELEMENT_BYTES: Readonly<Record<FloatType, number>> = { float32: 4, float16: 2 };
