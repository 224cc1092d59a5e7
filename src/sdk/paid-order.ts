/** A request that costs something, as far as its payment goes. */
export interface PaidOrder {
  /** Where it is posted. */
  readonly path: string;
  readonly model: string;
  /** Answers that it asks for: each is a job of its own (rule A7). */
  readonly choices: number;
  /** Of each choice. Undefined where the caller leaves it to the relay. */
  readonly maxTokens: number | undefined;
  /** No honest relay counts more prompt tokens: each stands for a byte at least, and a template adds a few. */
  readonly promptTokensAtMost: number;
  /** The body that the relay gets. @param maxTokens where given, what the budget allows */
  bodyOf(maxTokens?: number): string;
}
