import { EPSILON } from '../../protocol/constants.ts';
import type { DecodeSpec } from '../../protocol/wire/decode-spec.ts';

/**
 * What top-k, top-p and min-p ask of one temperature (rule S6), in the terms in which both samplers look for it. An id
 * stays if fewer than `count` ids are before it, their mass is below `share` of all, and it is within `reach` of the
 * greatest. What is off is infinite.
 *
 * `sureShare` and `possibleShare` are `share` as far down and up as honest backends may differ (rule S3): an id that
 * stays by the former surely stays elsewhere, and one that goes by the latter surely goes.
 */
export interface FilterTargets {
  readonly temperature: number;
  readonly count: number;
  readonly share: number;
  readonly sureShare: number;
  readonly possibleShare: number;
  /** At most 0: temperature x log(min-p). */
  readonly reach: number;
}

/** Sums of a vocabulary in single precision are right to a quarter of this. */
const ROUNDING = 2e-6;

/** Nothing at temperature 0, where every filter keeps the one id that counts, and where all are off. */
export function filterTargets(
  { topK, topP, minP }: Pick<DecodeSpec, 'topK' | 'topP' | 'minP'>,
  temperature: number,
): FilterTargets | undefined {
  if (temperature === 0 || (topK === 0 && topP === 1 && minP === 0)) return undefined;
  // Logits that differ by up to half of epsilon change the odds of a mass by up to exp(epsilon / T).
  const odds = Math.exp(EPSILON / temperature);
  const sure = (topP / (topP + (1 - topP) * odds)) * (1 - ROUNDING);
  const possible = ((topP * odds) / (topP * odds + 1 - topP)) * (1 + ROUNDING);
  const limit = (share: number): number => (share < 1 ? share : Number.POSITIVE_INFINITY);
  return {
    temperature,
    count: topK || Number.POSITIVE_INFINITY,
    share: limit(topP),
    sureShare: topP === 1 ? Number.POSITIVE_INFINITY : sure,
    possibleShare: limit(possible),
    reach: minP === 0 ? Number.NEGATIVE_INFINITY : temperature * Math.log(minP),
  };
}
