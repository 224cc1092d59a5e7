import { CodedError } from '../../core/errors.ts';
import { type Constraint, MAX_CONSTRAINT } from '../../protocol/wire/decode-spec.ts';
import { type CallRule, callConstraint, type ToolFunction } from '../tool-format.ts';
import { printEbnf } from './ebnf.ts';
import type { Expression } from './expression.ts';
import { GrammarBuilder } from './grammar.ts';
import { anyObject } from './json-rules.ts';
import { measureGrammar, MOST_PLACES, MOST_WORK } from './measure.ts';
import { separateAlternatives } from './separate.ts';
import { addSchema } from './schema-grammar.ts';
import { addStructuralTag } from './tag-grammar.ts';

/** For which model: its tokens cost time at each place of a grammar. */
export interface ConstraintModel {
  readonly vocab: number;
}

/**
 * The constraint of an answer that must be JSON of this schema, found possible. Keys stay in the schema's order: answers
 * have them in the same one.
 * @param strict by OpenAI's rules: every object closed, every property required
 * @throws CodedError `schema_unsupported`, `schema_invalid`, `schema_not_strict` with `data` {path, keyword};
 * `schema_too_large`
 */
export function schemaConstraint(schema: unknown, model: ConstraintModel, strict = false): Constraint {
  checkSchema(schema, model, strict);
  return { kind: 'json_schema', schema: JSON.stringify(schema) };
}

/** Whether a function's arguments can be held to a schema. @throws CodedError those of `schemaConstraint` */
export function checkSchema(schema: unknown, model: ConstraintModel, strict = false): void {
  jsonText(schema);
  const grammar = new GrammarBuilder();
  compile(grammar, addSchema(grammar, schema, strict), model);
}

/** The constraint of an answer that may, or must, call functions. @throws CodedError those of `schemaConstraint` */
export function callsConstraint(
  tools: readonly ToolFunction[],
  rule: CallRule,
  model: ConstraintModel,
): Constraint {
  const constraint: Constraint = { kind: 'structural_tag', tag: jsonText(callConstraint(tools, rule)) };
  grammarOf(constraint, model);
  return constraint;
}

/**
 * The grammar that answers are held to, as EBNF for xgrammar.
 * @throws CodedError `constraint_unsupported`, and those of `schemaConstraint`
 */
export function grammarOf(constraint: Constraint, model: ConstraintModel): string {
  const grammar = new GrammarBuilder();
  return compile(grammar, rootOf(grammar, constraint), model);
}

function rootOf(grammar: GrammarBuilder, constraint: Constraint): Expression {
  switch (constraint.kind) {
    case 'json_object':
      return anyObject(grammar);
    case 'json_schema':
      return addSchema(grammar, parse(constraint.schema));
    case 'structural_tag':
      return addStructuralTag(grammar, parse(constraint.tag));
  }
}

function compile(builder: GrammarBuilder, root: Expression, { vocab }: ConstraintModel): string {
  const grammar = builder.build(root);
  const { places, work } = measureGrammar(grammar);
  if (places <= MOST_PLACES && work * vocab <= MOST_WORK) return printEbnf(separateAlternatives(grammar));
  const message =
    places > MOST_PLACES
      ? `The schema is too large: its grammar has ${places} places, and ${MOST_PLACES} are allowed.`
      : `The schema is too large for a model of ${vocab} tokens: bounds on the length of strings are what costs most.`;
  throw new CodedError('schema_too_large', message, { places, work, vocab });
}

function jsonText(value: unknown): string {
  const text = JSON.stringify(value);
  if (text.length <= MAX_CONSTRAINT) return text;
  const message = `The schema is too large: ${text.length} characters, and ${MAX_CONSTRAINT} are allowed.`;
  throw new CodedError('schema_too_large', message, { characters: text.length, most: MAX_CONSTRAINT });
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw new CodedError('constraint_unsupported', 'The constraint is not JSON.', undefined, cause);
  }
}
