import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers';
import { CodedError } from '../core/errors.ts';
import type { ChatMessage } from './chat-message.ts';
import { createChatTemplate } from './chat-template.ts';
import { createTokenBytes, type TokenBytes } from './token-bytes.ts';
import type { ToolFunction } from './tool-format.ts';

/** Text to ids and back, for one model. Used by the relay's OpenAI side, the engine's stop strings and the SDK. */
export interface Tokenizer {
  readonly vocab: number;
  /** Ids of a plain text; nothing is added. */
  encode(text: string): number[];
  /** Ids of a text that stands alone, with what the model's own encoding puts around it. */
  input(text: string): number[];
  /** Text of ids; special tokens give nothing, an incomplete UTF-8 sequence gives U+FFFD. */
  decode(ids: readonly number[]): string;
  /** The bytes of one token: of a special one those of its name. */
  readonly bytesOf: TokenBytes;
  /**
   * Ids of a conversation through the model's chat template, ready for the assistant's answer.
   * @param tools what that may call
   * @throws CodedError `chat_template_missing`, `chat_template_refused` (the template's own message)
   */
  chat(messages: readonly ChatMessage[], tools?: readonly ToolFunction[]): number[];
}

/** A model's text files, parsed: `tokenizer.json` and `tokenizer_config.json`. */
export interface TokenizerFiles {
  readonly tokenizer: object;
  readonly config: object;
  /** `chat_template.jinja`, which wins over a template in the configuration. */
  readonly chatTemplate?: string;
}

const DECODE = { skip_special_tokens: true, clean_up_tokenization_spaces: false };

/** Builds the tokenizer of a model from its Hugging Face files. */
export function createTokenizer(files: TokenizerFiles): Tokenizer {
  const inner = new HuggingFaceTokenizer(files.tokenizer, files.config);
  const config = files.config as { chat_template?: unknown; bos_token?: unknown; eos_token?: unknown };
  const source = files.chatTemplate ?? defaultTemplate(config.chat_template);
  const template = source === undefined ? undefined : createChatTemplate(source);
  const encode = (text: string): number[] => inner.encode(text, { add_special_tokens: false }).ids;
  return {
    vocab: inner.get_vocab(true).size,
    encode,
    input: (text) => inner.encode(text, { add_special_tokens: true }).ids,
    bytesOf: createTokenBytes(files.tokenizer),
    decode: (ids) => (ids.length === 0 ? '' : inner.decode(ids as number[], DECODE)),
    chat(messages, tools = []) {
      if (!template) throw new CodedError('chat_template_missing', 'This model has no chat template.');
      return encode(
        template(messages, tools, { bos_token: token(config.bos_token), eos_token: token(config.eos_token) }),
      );
    },
  };
}

/** A configuration has one template, or a list of named ones. */
function defaultTemplate(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (!Array.isArray(value)) return undefined;
  const named = value as readonly ({ name?: unknown; template?: unknown } | null)[];
  const chosen = named.find((entry) => entry?.name === 'default') ?? named[0];
  return typeof chosen?.template === 'string' ? chosen.template : undefined;
}

/** A special token stands in the configuration as a string or as an object with `content`. */
function token(value: unknown): string {
  if (typeof value === 'string') return value;
  const content = (value as { content?: unknown } | null | undefined)?.content;
  return typeof content === 'string' ? content : '';
}
