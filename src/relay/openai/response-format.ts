import {
  invalidValue,
  missingParameter,
  readBoolean,
  readObject,
  readString,
  unsupportedParameter,
} from './parameter.ts';

/** What an answer's text has to be; undefined for any text. */
export type ResponseFormat =
  | { readonly type: 'json_object' }
  | {
      readonly type: 'json_schema';
      readonly schema: Readonly<Record<string, unknown>>;
      /** By OpenAI's rules: every object closed, every property required. */
      readonly strict: boolean;
    };

/** Names of schemas and of functions. */
export const NAME = /^[a-zA-Z0-9_-]{1,64}$/;
export const NAME_CURE = 'expected 1 to 64 letters, digits, underscores and dashes.';

/** Reads `response_format`. A schema is honoured to the letter, `strict` or not: strict ones are refused where they leave something open. */
export function readResponseFormat(value: unknown): ResponseFormat | undefined {
  if (value === undefined) return undefined;
  const { type, json_schema, ...rest } = readObject('response_format', value);
  for (const field of Object.keys(rest)) throw unsupportedParameter(`response_format.${field}`);
  if (type === undefined) throw missingParameter('response_format.type');
  if (type === 'text') return undefined;
  if (type === 'json_object') return { type };
  if (type === 'json_schema') return { type, ...readSchema(json_schema) };
  throw invalidValue('response_format.type', "expected one of 'text', 'json_object', 'json_schema'.");
}

function readSchema(value: unknown): { schema: Readonly<Record<string, unknown>>; strict: boolean } {
  const at = 'response_format.json_schema';
  if (value === undefined || value === null) throw missingParameter(at);
  const { description = null, name, schema = null, strict = null, ...rest } = readObject(at, value);
  for (const field of Object.keys(rest)) throw unsupportedParameter(`${at}.${field}`);
  if (name === undefined) throw missingParameter(`${at}.name`);
  if (!NAME.test(readString(`${at}.name`, name))) throw invalidValue(`${at}.name`, NAME_CURE);
  if (description !== null) readString(`${at}.description`, description);
  return {
    schema: schema === null ? {} : readObject(`${at}.schema`, schema),
    strict: strict !== null && readBoolean(`${at}.strict`, strict),
  };
}
