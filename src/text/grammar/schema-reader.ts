import type { Expression } from './expression.ts';
import type { GrammarBuilder } from './grammar.ts';

/** Adds the schemas of one document to a grammar. */
export interface SchemaReader {
  readonly grammar: GrammarBuilder;
  /** Every object closed, every property required: what OpenAI calls `strict`. */
  readonly strict: boolean;
  /**
   * The JSON texts that fit a schema.
   * @param path where it stands, `#/properties/a`
   * @throws CodedError `schema_unsupported`, `schema_invalid`, `schema_not_strict`
   */
  add(schema: unknown, path: string, depth: number): Expression;
}
