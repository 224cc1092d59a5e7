import { CodedError } from '../../core/errors.ts';
import { type Constraint, MAX_CONSTRAINT } from '../../protocol/wire/decode-spec.ts';
import { callConstraint } from '../../text/tool-format.ts';
import type { ResponseFormat } from './response-format.ts';
import type { ToolUse } from './tool-parameters.ts';

/**
 * What the text of an answer is held to: its format, or the form of its calls.
 * @throws CodedError `schema_too_large`
 */
export function constraintOf(
  format: ResponseFormat | undefined,
  { callable, parallel, required }: ToolUse,
): Constraint | undefined {
  if (callable.length > 0) {
    const otherwise = format && !required ? { otherwise: schemaOf(format) } : {};
    const tag = callConstraint(callable, { required, parallel, ...otherwise });
    return { kind: 'structural_tag', tag: textOf(tag, 'tools') };
  }
  if (format?.type !== 'json_schema') return format && { kind: 'json_object' };
  return { kind: 'json_schema', schema: textOf(format.schema, 'response_format') };
}

function schemaOf(format: ResponseFormat): Readonly<Record<string, unknown>> {
  return format.type === 'json_schema' ? format.schema : { type: 'object' };
}

/** Keys stay in their order: a model writes them in the order of the schema, and its author counts on that. */
function textOf(schema: object, param: string): string {
  const text = JSON.stringify(schema);
  if (text.length <= MAX_CONSTRAINT) return text;
  const message = `The schemas of '${param}' have ${text.length} characters: ${MAX_CONSTRAINT} is the most.`;
  throw new CodedError('schema_too_large', message, { param });
}
