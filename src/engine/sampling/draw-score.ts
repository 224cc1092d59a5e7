import { gumbel, POSITION_BITS, threefry2x32, uniform24 } from '../../protocol/wire/sampling-noise.ts';
import type { Draw } from './logit-sampler.ts';

const words = new Uint32Array(2);

/**
 * By how much a given token falls short of the one that is drawn, in z' + T x g (rule S2): 0 where they are the same,
 * negative where it is ahead and only a filter keeps it from coming, infinity where the mask forbids it.
 * @param drawnLogit the raw logit of the drawn id, likewise of the given one
 */
export function drawScore(
  draw: Draw,
  drawn: number,
  drawnLogit: number,
  given: number,
  givenLogit: number,
): number {
  if (drawn === given) return 0;
  if (draw.mask && ((draw.mask[given >>> 5]! >>> (given & 31)) & 1) === 0) return Infinity;
  return scoreOf(draw, drawn, drawnLogit) - scoreOf(draw, given, givenLogit);
}

function scoreOf(draw: Draw, id: number, logit: number): number {
  const { adjustments, temperature, seed, choice, position } = draw;
  const adjusted = Math.fround(logit + (adjustments?.values.get(id) ?? 0));
  if (temperature === 0) return adjusted;
  threefry2x32(seed.low, seed.high, (choice * 2 ** POSITION_BITS + position) >>> 0, id >>> 1, words);
  return adjusted + temperature * gumbel(uniform24(words[id & 1]!));
}
