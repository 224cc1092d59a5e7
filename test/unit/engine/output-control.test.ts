/** The samplers' reference against rules S2, S3, S5 and S6, written down once more as plainly as can be. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LogitSampler } from '../../../src/engine/sampling/logit-sampler.ts';
import { EPSILON } from '../../../src/protocol/constants.ts';
import { plainSpec } from '../../../src/protocol/wire/decode-spec.ts';
import { fillNoise } from '../../../src/protocol/wire/sampling-noise.ts';
import { bellLogits, disturb, drawOf, type Turn, turns } from '../../contract/draws.ts';

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** The ids that may come, by rules S5 and S6, with the scores they are drawn by. */
function drawByTheRules({ logits, spec, prior, allowed, position, choice }: Turn): number {
  const { temperature: T, topK, topP, minP, frequencyPenalty, presencePenalty, logitBias } = spec;
  const adjusted = Array.from(logits, (z, id) => {
    const count = prior.filter((other) => other === id).length;
    const penalty = frequencyPenalty * count + (count > 0 ? presencePenalty : 0);
    const bias = logitBias.find(([biased]) => biased === id)?.[1] ?? 0;
    return Math.fround(z + Math.fround(bias - penalty));
  });
  const order = [...adjusted.keys()]
    .filter((id) => allowed?.(id) ?? true)
    .sort((a, b) => adjusted[b]! - adjusted[a]! || a - b);
  if (T === 0) return order[0]!;
  const greatest = adjusted[order[0]!]!;
  const masses = order.map((id) => Math.exp((adjusted[id]! - greatest) / T));
  const all = sum(masses);
  const noise = new Float32Array(logits.length);
  fillNoise(noise, drawOf({ logits, spec, prior, allowed, position, choice, top: 0 }).seed, position, choice);
  const survivors = order.filter((id, rank) => {
    const isInTopK = topK === 0 || rank < topK;
    const isInTopP = topP === 1 || sum(masses.slice(0, rank)) < topP * all;
    return isInTopK && isInTopP && masses[rank]! >= minP * (1 - 1e-12);
  });
  const scores = new Map(survivors.map((id) => [id, adjusted[id]! + T * noise[id]!]));
  const byScore = survivors.sort((a, b) => scores.get(b)! - scores.get(a)! || a - b);
  // Noise in double and single precision may order two ids differently that are as good as equal.
  return byScore[0]!;
}

const samplers = new Map<number, LogitSampler>();
function samplerFor(vocab: number): LogitSampler {
  const sampler = samplers.get(vocab) ?? new LogitSampler(vocab);
  samplers.set(vocab, sampler);
  return sampler;
}

const sample = (turn: Turn) => samplerFor(turn.logits.length).sample(turn.logits, drawOf(turn))!;

describe('output control', () => {
  it('S2, S5, S6 chooses what the rules choose, whatever the controls', () => {
    fc.assert(
      fc.property(turns(), (turn) => {
        const { id, margin } = sample(turn);
        if (margin > 1e-6) expect(id).toBe(drawByTheRules(turn));
      }),
      { numRuns: 3000 },
    );
  });

  it('S3 is sure of a token only where every honest backend chooses the same', () => {
    let [sure, differing] = [0, 0];
    const seeds = fc.integer({ min: 0, max: 2 ** 31 });
    fc.assert(
      fc.property(turns(), seeds, (turn, seed) => {
        const { id, margin } = sample(turn);
        const others = [0, 1, 2, 3, 4, 5].map((i) => sample(disturb(turn, seed + i, 0.49 * EPSILON)).id);
        if (margin >= EPSILON) {
          sure++;
          expect(others).toEqual(others.map(() => id));
        } else if (others.some((other) => other !== id)) differing++;
      }),
      { numRuns: 4000 },
    );
    // Both kinds came, or the test says nothing.
    expect(sure).toBeGreaterThan(1000);
    expect(differing).toBeGreaterThan(20);
  });

  it('S3 is unsure of hardly any token of a distribution like a model’s', () => {
    const spec = { ...plainSpec(0.8), topP: 0.95, topK: 200, minP: 0.002 };
    let unsure = 0;
    for (let i = 0; i < 1000; i++) {
      const logits = bellLogits(500, i, 4);
      const turn = { logits, spec, prior: [], allowed: undefined, position: i + 1, choice: 0, top: 0 };
      if (sample(turn).margin < EPSILON) unsure++;
    }
    expect(unsure).toBeLessThan(5);
  });
});
