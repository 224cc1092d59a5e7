import type { Constraint } from '../../protocol/wire/decode-spec.ts';

/** What one stream may say next, token by token. */
export interface TokenConstraint {
  /** Bit i of word i >> 5 says whether id i may come next; ceil(vocab / 32) words, valid until the next call. */
  mask(): Uint32Array;
  /**
   * Takes the id that came; one that the mask forbids is an error. Where this gives a promise, `mask` and `done` are
   * those of the next token once it is fulfilled: within microtasks, so that a step hardly waits for it.
   */
  accept(id: number): Promise<void> | void;
  /** Nothing may follow any more: the stream ends with `stop`. */
  readonly done: boolean;
  /** Frees what it holds; nothing is asked after. */
  close?(): void;
}

/**
 * Makes the constraint of one stream. @param prior the output ids so far: those of attempts before.
 *
 * Errors: those of `grammarOf` (`src/text/grammar`) where it can't be honoured, `grammar_failed`.
 */
export type CreateConstraint = (
  constraint: Constraint,
  prior: readonly number[],
) => Promise<TokenConstraint> | TokenConstraint;
