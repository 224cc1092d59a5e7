import type { BadRequest } from './bad-request.ts';
import { messages } from './messages.ts';

export const BAD_BODIES: BadRequest[] = [
  ['malformed JSON', '{"model":', 400, 'malformed_json', null],
  ['no object', '[]', 400, 'invalid_type', 'body'],
  ['an empty body', '', 400, 'malformed_json', null],
  ['no model', { messages }, 400, 'missing_required_parameter', 'model'],
  ['a model that is no string', { model: 4, messages }, 400, 'invalid_type', 'model'],
  ['an unknown model', { model: 'gpt-4o', messages }, 404, 'model_not_found', 'model'],
  ['store true', { store: true }, 400, 'unsupported_parameter', 'store'],
  ['an unknown field', { flavour: 'salt' }, 400, 'unsupported_parameter', 'flavour'],
];
