import { toHex, type Hex } from '../../core/bytes.ts';
import { CodedError } from '../../core/errors.ts';
import type { DecodeSpec } from '../../protocol/wire/decode-spec.ts';
import { MAX_TOP } from '../../protocol/wire/sample.ts';
import type { ChatMessage } from '../../text/chat-message.ts';
import { readMessages } from './chat-messages.ts';
import { checkNeutral } from './neutral-parameters.ts';
import {
  invalidType,
  invalidValue,
  missingParameter,
  readBoolean,
  readInteger,
  readObject,
  readString,
  unsupportedParameter,
  unsupportedValue,
} from './parameter.ts';
import { readResponseFormat, type ResponseFormat } from './response-format.ts';
import { readSampling } from './sampling-parameters.ts';
import { readStop } from './stop-parameter.ts';
import { readTools, type ToolUse } from './tool-parameters.ts';

/** A request of `POST /v1/chat/completions`, read and found possible. */
export interface ChatRequest {
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  readonly tools: ToolUse;
  readonly stream: boolean;
  readonly includeUsage: boolean;
  /** Adds `prompt_token_ids` and `token_ids` to the answer (rule A4). */
  readonly returnTokenIds: boolean;
  /** Answers that are wanted, 1 or more: each is a job (rule A7). */
  readonly choices: number;
  /** Alternatives whose log-probabilities come with each token; undefined: no log-probabilities at all. */
  readonly topLogprobs: number | undefined;
  /** Undefined: up to the end of the context. */
  readonly maxTokens: number | undefined;
  /** Without what the answer is held to: that depends on the model. */
  readonly spec: DecodeSpec;
  readonly format: ResponseFormat | undefined;
  /** The agent's own; undefined: a fresh one. */
  readonly seed: Hex | undefined;
  readonly stop: readonly string[];
}

/** Larger is refused before the model is known; smaller is cut by its context. */
const MAX_TOKENS = 2 ** 20;
const MAX_CHOICES = 128;

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
    seed,
    stop,
    n,
    logprobs,
    top_logprobs,
    response_format,
    tools,
    tool_choice,
    parallel_tool_calls,
    ...rest
  } = Object.fromEntries(present);
  if (model === undefined) throw missingParameter('model');
  if (messages === undefined) throw missingParameter('messages');
  const { sampling, others } = readSampling(rest);
  checkNeutral(others);
  const isStream = stream !== undefined && readBoolean('stream', stream);
  const format = readResponseFormat(response_format);
  const calls = readTools({ tools, tool_choice, parallel_tool_calls });
  const stops = stop === undefined ? [] : readStop(stop);
  if (stops.length > 0 && (format || calls.callable.length > 0)) {
    const cure = "can't stand beside tools or a JSON format: it would cut what has to be whole.";
    throw unsupportedValue('stop', cure);
  }
  return {
    model: readString('model', model),
    messages: readMessages(messages),
    tools: calls,
    stream: isStream,
    includeUsage: readStreamOptions(stream_options, isStream),
    returnTokenIds: return_token_ids !== undefined && readBoolean('return_token_ids', return_token_ids),
    choices: n === undefined ? 1 : readInteger('n', n, { min: 1, max: MAX_CHOICES }),
    topLogprobs: readTopLogprobs(logprobs, top_logprobs),
    maxTokens: readMaxTokens(max_tokens, max_completion_tokens),
    spec: sampling,
    format,
    seed: seed === undefined ? undefined : readSeed(seed),
    stop: stops,
  };
}

/** @returns how many alternatives each token comes with; undefined where no log-probabilities are wanted */
function readTopLogprobs(wanted: unknown, top: unknown): number | undefined {
  const isWanted = wanted !== undefined && readBoolean('logprobs', wanted);
  const count = top === undefined ? 0 : readInteger('top_logprobs', top, { min: 0, max: MAX_TOP });
  if (isWanted) return count;
  if (count > 0) throw invalidValue('top_logprobs', `it is allowed only where 'logprobs' is true.`);
  return undefined;
}

/** @throws CodedError `malformed_json` */
export function parseJson(body: string): unknown {
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
