import { toHex, type Hex } from '../../core/bytes.ts';
import { CodedError } from '../../core/errors.ts';
import { type DecodeSpec, plainSpec } from '../../protocol/wire/decode-spec.ts';
import type { ChatMessage } from '../../text/chat-message.ts';
import { readMessages } from './chat-messages.ts';
import { checkNeutral } from './neutral-parameters.ts';
import {
  invalidType,
  invalidValue,
  missingParameter,
  readArray,
  readBoolean,
  readDecimal,
  readInteger,
  readObject,
  readString,
  unsupportedParameter,
  unsupportedValue,
} from './parameter.ts';

/** A request of `POST /v1/chat/completions`, read and found possible. */
export interface ChatRequest {
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  readonly stream: boolean;
  readonly includeUsage: boolean;
  /** Adds `prompt_token_ids` and `token_ids` to the answer (rule A4). */
  readonly returnTokenIds: boolean;
  /** Undefined: up to the end of the context. */
  readonly maxTokens: number | undefined;
  readonly spec: DecodeSpec;
  /** The agent's own; undefined: a fresh one. */
  readonly seed: Hex | undefined;
  readonly stop: readonly string[];
}

/** Larger is refused before the model is known; smaller is cut by its context. */
const MAX_TOKENS = 2 ** 20;
const MAX_STOPS = 4;
const MAX_STOP_LENGTH = 256;

/**
 * Reads a body. Everything that this relay can't do is refused here, by name (rule A1).
 * @throws CodedError one of the codes of a bad request in `openai-error.ts`
 */
export function readChatRequest(body: string): ChatRequest {
  const present = Object.entries(readObject('body', parseJson(body))).filter(([, value]) => value !== null);
  const {
    model,
    messages,
    stream,
    stream_options,
    return_token_ids,
    max_tokens,
    max_completion_tokens,
    temperature,
    seed,
    stop,
    n,
    ...rest
  } = Object.fromEntries(present);
  if (model === undefined) throw missingParameter('model');
  if (messages === undefined) throw missingParameter('messages');
  checkNeutral(rest);
  if (n !== undefined && readInteger('n', n, { min: 1, max: 128 }) !== 1)
    throw unsupportedValue('n', 'must be 1.');
  const isStream = stream !== undefined && readBoolean('stream', stream);
  return {
    model: readString('model', model),
    messages: readMessages(messages),
    stream: isStream,
    includeUsage: readStreamOptions(stream_options, isStream),
    returnTokenIds: return_token_ids !== undefined && readBoolean('return_token_ids', return_token_ids),
    maxTokens: readMaxTokens(max_tokens, max_completion_tokens),
    spec: plainSpec(
      temperature === undefined ? 1 : readDecimal('temperature', temperature, { min: 0, max: 2 }),
    ),
    seed: seed === undefined ? undefined : readSeed(seed),
    stop: stop === undefined ? [] : readStop(stop),
  };
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new CodedError('malformed_json', 'The body of the request is not JSON.');
  }
}

/** @returns whether usage was asked for */
function readStreamOptions(value: unknown, stream: boolean): boolean {
  if (value === undefined) return false;
  if (!stream) throw invalidValue('stream_options', `it is allowed only where 'stream' is true.`);
  const {
    include_usage: usage = null,
    include_obfuscation: obfuscation = null,
    ...rest
  } = readObject('stream_options', value);
  if (obfuscation !== null && readBoolean('stream_options.include_obfuscation', obfuscation)) {
    throw unsupportedValue('stream_options.include_obfuscation', 'must be false.');
  }
  for (const name of Object.keys(rest)) throw unsupportedParameter(`stream_options.${name}`);
  return usage !== null && readBoolean('stream_options.include_usage', usage);
}

function readMaxTokens(old: unknown, current: unknown): number | undefined {
  const range = { min: 1, max: MAX_TOKENS };
  const first = old === undefined ? undefined : readInteger('max_tokens', old, range);
  const second = current === undefined ? undefined : readInteger('max_completion_tokens', current, range);
  if (first !== undefined && second !== undefined && first !== second) {
    throw invalidValue('max_tokens', `it is the older name of 'max_completion_tokens': give one of them.`);
  }
  return first ?? second;
}

/** 64 bits; a negative number stands for its two's complement. */
function readSeed(value: unknown): Hex {
  if (typeof value !== 'number' || !Number.isSafeInteger(value))
    throw invalidType('seed', 'an integer of at most 53 bits', value);
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigInt64(0, BigInt(value));
  return toHex(bytes);
}

function readStop(value: unknown): string[] {
  const list = typeof value === 'string' ? [value] : readArray('stop', value, { min: 0, max: MAX_STOPS });
  return list.map((item, at) => {
    const text = readString(typeof value === 'string' ? 'stop' : `stop[${at}]`, item);
    if (text === '') throw invalidValue('stop', 'a stop string may not be empty.');
    if (text.length > MAX_STOP_LENGTH) {
      throw new CodedError(
        'string_above_max_length',
        `Invalid 'stop': a stop string has at most ${MAX_STOP_LENGTH} characters.`,
        { param: 'stop' },
      );
    }
    return text;
  });
}
