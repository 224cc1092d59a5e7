import type { DecodeSpec } from '../../protocol/wire/decode-spec.ts';

type Controls = Pick<DecodeSpec, 'logitBias' | 'frequencyPenalty' | 'presencePenalty'>;

/**
 * What is added to some logits of one stream: bias less penalties (rule S5). Values are f32 and change with each token
 * that penalties count, so that every backend adds the same number.
 */
export class LogitAdjustments {
  readonly #values = new Map<number, number>();
  readonly #bias: ReadonlyMap<number, number>;
  readonly #counts = new Map<number, number>();
  readonly #spec: Controls;
  #changes = 0;
  #changed = 0;

  /** @param prior the output so far, of earlier attempts */
  constructor(spec: Controls, prior: readonly number[]) {
    this.#spec = spec;
    this.#bias = new Map(spec.logitBias);
    for (const [id, bias] of this.#bias) this.#values.set(id, Math.fround(bias));
    for (const id of prior) this.count(id);
  }

  /** Whether a spec needs any. */
  static needed({ logitBias, frequencyPenalty, presencePenalty }: Controls): boolean {
    return logitBias.length > 0 || frequencyPenalty !== 0 || presencePenalty !== 0;
  }

  /** By token id; every other id has 0. */
  get values(): ReadonlyMap<number, number> {
    return this.#values;
  }

  /** How often a value changed. Whoever saw all changes but the last needs only `changed`. */
  get changes(): number {
    return this.#changes;
  }

  /** The id whose value changed last. */
  get changed(): number {
    return this.#changed;
  }

  /** A token of the output. */
  count(id: number): void {
    const { frequencyPenalty, presencePenalty } = this.#spec;
    if (frequencyPenalty === 0 && presencePenalty === 0) return;
    const count = (this.#counts.get(id) ?? 0) + 1;
    this.#counts.set(id, count);
    const penalty = frequencyPenalty * count + presencePenalty;
    this.#values.set(id, Math.fround((this.#bias.get(id) ?? 0) - penalty));
    this.#changes++;
    this.#changed = id;
  }
}
