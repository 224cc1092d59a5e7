import { CodedError } from '../../core/errors.ts';

/** A fault of one parameter, named the way OpenAI names it. */
function fault(code: string, param: string, message: string): CodedError {
  return new CodedError(code, message, { param });
}

export function unsupportedParameter(param: string): CodedError {
  return fault(
    'unsupported_parameter',
    param,
    `Unsupported parameter: '${param}' is not supported here, and ignoring it would change the answer.`,
  );
}

export function unsupportedValue(param: string, cure: string): CodedError {
  return fault('unsupported_value', param, `Unsupported value: '${param}' ${cure}`);
}

export function invalidValue(param: string, cure: string): CodedError {
  return fault('invalid_value', param, `Invalid '${param}': ${cure}`);
}

export function missingParameter(param: string): CodedError {
  return fault('missing_required_parameter', param, `Missing required parameter: '${param}'.`);
}

export function invalidType(param: string, expected: string, value: unknown): CodedError {
  return fault(
    'invalid_type',
    param,
    `Invalid type for '${param}': expected ${expected}, but got ${typeName(value)} instead.`,
  );
}

/** Never the value itself: it may be somebody's prompt (rule A6). */
function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'an integer' : 'a decimal';
  return `a${typeof value === 'object' ? 'n' : ''} ${typeof value}`;
}

export interface Range {
  readonly min: number;
  readonly max: number;
}

export function readInteger(param: string, value: unknown, { min, max }: Range): number {
  if (typeof value !== 'number' || !Number.isInteger(value)) throw invalidType(param, 'an integer', value);
  const expected = (side: string, bound: string, limit: number): string =>
    `Invalid '${param}': integer ${side} value. Expected a value ${bound} ${limit}, but got ${value} instead.`;
  if (value < min) throw fault('integer_below_min_value', param, expected('below minimum', '>=', min));
  if (value > max) throw fault('integer_above_max_value', param, expected('above maximum', '<=', max));
  return value;
}

export function readDecimal(param: string, value: unknown, { min, max }: Range): number {
  if (typeof value !== 'number') throw invalidType(param, 'a decimal', value);
  const expected = (side: string, bound: string, limit: number): string =>
    `Invalid '${param}': decimal ${side} value. Expected a value ${bound} ${limit}, but got ${value} instead.`;
  if (value < min) throw fault('decimal_below_min_value', param, expected('below minimum', '>=', min));
  if (value > max) throw fault('decimal_above_max_value', param, expected('above maximum', '<=', max));
  return value;
}

export function readBoolean(param: string, value: unknown): boolean {
  if (typeof value !== 'boolean') throw invalidType(param, 'a boolean', value);
  return value;
}

export function readString(param: string, value: unknown): string {
  if (typeof value !== 'string') throw invalidType(param, 'a string', value);
  return value;
}

export function readArray(param: string, value: unknown, { min, max }: Range): readonly unknown[] {
  if (!Array.isArray(value)) throw invalidType(param, 'an array', value);
  if (value.length < min) {
    throw fault(
      'empty_array',
      param,
      `Invalid '${param}': empty array. Expected an array with minimum length ${min}, but got an empty array instead.`,
    );
  }
  if (value.length > max) {
    throw fault(
      'array_above_max_length',
      param,
      `Invalid '${param}': array too long. Expected an array with maximum length ${max}, but got ${value.length} instead.`,
    );
  }
  return value;
}

export function readObject(param: string, value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalidType(param, 'an object', value);
  return value as Record<string, unknown>;
}
