import { CodedError } from '../../core/errors.ts';
import { MAX_EMBED_INPUTS } from '../../protocol/wire/embed.ts';
import { parseJson } from './chat-request.ts';
import {
  invalidType,
  invalidValue,
  missingParameter,
  readArray,
  readBoolean,
  readInteger,
  readObject,
  readString,
  unsupportedParameter,
} from './parameter.ts';

/** One input: a text, or its token ids as they are. */
export type EmbeddingInput = string | readonly number[];

/** A request of `POST /v1/embeddings`, read and found possible. */
export interface EmbeddingsRequest {
  readonly model: string;
  readonly inputs: readonly EmbeddingInput[];
  readonly encoding: 'float' | 'base64';
  /** Undefined: as many as the model's vectors have. */
  readonly dimensions: number | undefined;
  /** Adds `token_ids` to each vector (rule V6). */
  readonly returnTokenIds: boolean;
}

/** Larger is refused before the model is known. */
const MAX_DIMENSIONS = 2 ** 16;

/**
 * Reads a body. Everything that this relay can't do is refused here, by name (rules A1, V6).
 * @throws CodedError one of the codes of a bad request in `openai-error.ts`
 */
export function readEmbeddingsRequest(body: string): EmbeddingsRequest {
  const present = Object.entries(readObject('body', parseJson(body))).filter(([, value]) => value !== null);
  const {
    model,
    input,
    encoding_format: encoding = 'float',
    dimensions,
    return_token_ids: ids,
    user: _user,
    ...rest
  } = Object.fromEntries(present);
  if (model === undefined) throw missingParameter('model');
  if (input === undefined) throw missingParameter('input');
  for (const name of Object.keys(rest)) throw unsupportedParameter(name);
  if (encoding !== 'float' && encoding !== 'base64')
    throw invalidValue('encoding_format', `expected 'float' or 'base64'.`);
  return {
    model: readString('model', model),
    inputs: readInputs(input),
    encoding,
    dimensions:
      dimensions === undefined
        ? undefined
        : readInteger('dimensions', dimensions, { min: 1, max: MAX_DIMENSIONS }),
    returnTokenIds: ids !== undefined && readBoolean('return_token_ids', ids),
  };
}

/** A text, texts, ids, or lists of ids. */
function readInputs(value: unknown): EmbeddingInput[] {
  if (typeof value === 'string') return [readInput('input', value)];
  const range = { min: 1, max: MAX_EMBED_INPUTS };
  const list = Array.isArray(value) && typeof value[0] === 'number' ? [value] : value;
  if (list !== value) return [readInput('input', value)];
  if (!Array.isArray(value)) throw invalidType('input', 'a string or an array', value);
  return readArray('input', value, range).map((item, at) => readInput(`input[${at}]`, item));
}

function readInput(param: string, value: unknown): EmbeddingInput {
  if (typeof value === 'string') {
    if (value === '') throw invalidValue(param, 'an input may not be empty.');
    return value;
  }
  if (!Array.isArray(value)) throw invalidType(param, 'a string or an array of token ids', value);
  if (value.length === 0)
    throw new CodedError('empty_array', `Invalid '${param}': an input may not be empty.`, { param });
  const bad = value.findIndex((id) => !Number.isInteger(id) || (id as number) < 0);
  if (bad >= 0) throw invalidType(`${param}[${bad}]`, 'a token id', value[bad]);
  return value as number[];
}
