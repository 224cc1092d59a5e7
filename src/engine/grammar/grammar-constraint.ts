import type { CompiledGrammar, GrammarMatcher } from '@mlc-ai/web-xgrammar';
import { CodedError } from '../../core/errors.ts';
import type { GrammarLibrary } from './grammar-library.ts';
import type { GrammarVocabulary } from './grammar-vocabulary.ts';
import type { TokenConstraint } from './token-constraint.ts';

/** One stream's place in a grammar. Its mask is one array, written anew for each token. */
export class GrammarConstraint implements TokenConstraint {
  readonly #matcher: GrammarMatcher;
  readonly #vocabulary: GrammarVocabulary;
  readonly #mask: Uint32Array;
  #done = false;

  private constructor(matcher: GrammarMatcher, vocabulary: GrammarVocabulary) {
    this.#matcher = matcher;
    this.#vocabulary = vocabulary;
    this.#mask = new Uint32Array(vocabulary.stops.length);
  }

  /** @param prior the output so far. @throws CodedError `grammar_failed` where that does not fit */
  static async open(
    library: GrammarLibrary,
    compiled: CompiledGrammar,
    vocabulary: GrammarVocabulary,
    prior: readonly number[],
  ): Promise<GrammarConstraint> {
    const matcher = await library.GrammarMatcher.createGrammarMatcher(compiled);
    const constraint = new GrammarConstraint(matcher, vocabulary);
    try {
      for (const id of prior) constraint.#take(id);
      await constraint.#fill();
      return constraint;
    } catch (error) {
      matcher.dispose();
      throw error;
    }
  }

  get done(): boolean {
    return this.#done;
  }

  mask(): Uint32Array {
    return this.#mask;
  }

  async accept(id: number): Promise<void> {
    this.#take(id);
    await this.#fill();
  }

  close(): void {
    this.#matcher.dispose();
  }

  #take(id: number): void {
    // The library would write the texts of special tokens to the console.
    const isText = this.#vocabulary.isText(id);
    if (isText && this.#matcher.acceptToken(id)) return;
    throw new CodedError('grammar_failed', 'A token came that the grammar of the answer does not allow.', {
      id,
    });
  }

  /** Writes the mask. An answer is done where only a stop id, or nothing, may follow. */
  async #fill(): Promise<void> {
    this.#mask.set(await this.#matcher.getNextTokenBitmask());
    this.#done = this.#mask.every((word, i) => (word & ~this.#vocabulary.stops[i]!) === 0);
  }
}
