import { CodedError } from '../../core/errors.ts';
import type { Constraint } from '../../protocol/wire/decode-spec.ts';
import {
  callsConstraint,
  checkSchema,
  type ConstraintModel,
  schemaConstraint,
} from '../../text/grammar/constraint.ts';
import type { ResponseFormat } from './response-format.ts';
import type { ToolUse } from './tool-parameters.ts';

/**
 * What the text of an answer is held to: its format, or the form of its calls (rule A8).
 * @throws CodedError `schema_unsupported`, `schema_invalid`, `schema_not_strict`, `schema_too_large`, with the parameter
 */
export function constraintOf(
  format: ResponseFormat | undefined,
  { callable, parallel, required, shown, strict }: ToolUse,
  model: ConstraintModel,
): Constraint | undefined {
  for (const [at, { name, parameters }] of shown.entries()) {
    if (parameters)
      blaming(`tools[${at}].function.parameters`, () => checkSchema(parameters, model, strict.has(name)));
  }
  const formed = format && blaming('response_format', () => formatConstraint(format, model));
  if (callable.length === 0) return formed;
  const otherwise = format && !required ? { otherwise: schemaOf(format) } : {};
  return blaming('tools', () => callsConstraint(callable, { required, parallel, ...otherwise }, model));
}

function formatConstraint(format: ResponseFormat, model: ConstraintModel): Constraint {
  if (format.type === 'json_object') return { kind: 'json_object' };
  return schemaConstraint(format.schema, model, format.strict);
}

function schemaOf(format: ResponseFormat): Readonly<Record<string, unknown>> {
  return format.type === 'json_schema' ? format.schema : { type: 'object' };
}

/** Names the parameter that is at fault. */
function blaming<T>(param: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    throw new CodedError(error.code, `Invalid '${param}': ${error.message}`, { ...error.data, param }, error);
  }
}
