import { CodedError } from '../../core/errors.ts';

/** A keyword, or a value of one, that documents could not be held to. @param path of the schema, `#/properties/a` */
export function unsupported(path: string, keyword: string, why: string): CodedError {
  return new CodedError('schema_unsupported', `${path}: ${why}`, { path, keyword });
}

/** What no JSON schema may have. */
export function invalid(path: string, keyword: string, why: string): CodedError {
  return new CodedError('schema_invalid', `${path}: '${keyword}' ${why}`, { path, keyword });
}

/** What strict mode asks for beyond JSON schema. */
export function notStrict(path: string, keyword: string, why: string): CodedError {
  return new CodedError('schema_not_strict', `${path}: ${why}`, { path, keyword });
}
