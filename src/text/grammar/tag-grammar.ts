import { CodedError } from '../../core/errors.ts';
import { choice, type Expression, repeat, sequence, text } from './expression.ts';
import type { GrammarBuilder } from './grammar.ts';
import { addSchema } from './schema-grammar.ts';

/** Calls in one answer, at most: a model that never ends by itself would go on for ever. */
const MOST_CALLS = 16;

type Fields = Readonly<Record<string, unknown>>;

/**
 * The texts that a structural tag allows, of those that `callConstraint` (`src/text/tool-format.ts`) makes.
 * @throws CodedError `constraint_unsupported` for any other, and those of its schemas
 */
export function addStructuralTag(grammar: GrammarBuilder, tag: unknown): Expression {
  const { format } = fields(tag, 'structural_tag');
  return addFormat(grammar, format);
}

function addFormat(grammar: GrammarBuilder, format: unknown): Expression {
  const type = (format as { type?: unknown } | null)?.type;
  switch (type) {
    case 'json_schema':
      return addSchema(grammar, fields(format, type)['json_schema']);
    case 'tag': {
      const { begin, content, end } = fields(format, type);
      return sequence(text(string(begin)), addFormat(grammar, content), text(string(end)));
    }
    case 'or':
      return choice(...list(fields(format, type)['elements']).map((element) => addFormat(grammar, element)));
    case 'tags_with_separator':
      return addList(grammar, fields(format, type));
    case 'triggered_tags':
      return addTriggered(grammar, fields(format, type));
    default:
      throw unsupportedTag();
  }
}

/** Tags, one or more, and nothing else. */
function addList(grammar: GrammarBuilder, format: Fields): Expression {
  const { at_least_one: some, separator, stop_after_first: single, tags } = format;
  if (some !== true) throw unsupportedTag();
  const tag = grammar.add('call', choice(...list(tags).map((tag) => addFormat(grammar, tag))));
  if (single === true) return tag;
  return sequence(tag, repeat(sequence(text(string(separator)), tag), 0, MOST_CALLS - 1));
}

/** Free text, in which a trigger begins a tag. */
function addTriggered(grammar: GrammarBuilder, format: Fields): Expression {
  const { at_least_one: some, stop_after_first: single, tags, triggers } = format;
  if (some === true) throw unsupportedTag();
  const found = list(triggers).map((trigger): [string, string] => {
    const begin = string(trigger);
    const rests = list(tags)
      .filter((tag) => string(fields(tag, 'tag')['begin']).startsWith(begin))
      .map((tag) => {
        const whole = fields(tag, 'tag');
        return addFormat(grammar, { ...whole, begin: string(whole['begin']).slice(begin.length) });
      });
    const name = grammar.freshName('call');
    grammar.define(name, () => choice(...rests));
    return [begin, name];
  });
  return { kind: 'dispatch', triggers: found, again: single !== true };
}

function fields(value: unknown, type: string): Fields {
  if ((value as { type?: unknown } | null)?.type === type) return value as Fields;
  throw unsupportedTag();
}

function list(value: unknown): readonly unknown[] {
  if (Array.isArray(value) && value.length > 0) return value;
  throw unsupportedTag();
}

function string(value: unknown): string {
  if (typeof value === 'string') return value;
  throw unsupportedTag();
}

function unsupportedTag(): CodedError {
  return new CodedError('constraint_unsupported', 'This structural tag is none that can be enforced.');
}
