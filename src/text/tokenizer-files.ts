import { CodedError } from '../core/errors.ts';
import { createTokenizer, type Tokenizer } from './tokenizer.ts';

/** The files that a model's texts need; the last only where the template is not in the configuration. */
export const TEXT_FILES: readonly string[] = [
  'tokenizer.json',
  'tokenizer_config.json',
  'chat_template.jinja',
];

/**
 * Builds a tokenizer from a model's files.
 * @param read gives a file's text, or nothing where the model has none of that name
 * @throws CodedError `model_file_missing`, `tokenizer_invalid`, each naming the file
 */
export async function readTokenizer(read: (path: string) => Promise<string | undefined>): Promise<Tokenizer> {
  const json = async (path: string): Promise<object> => {
    const text = await read(path);
    if (text !== undefined) return parse(path, () => JSON.parse(text) as object);
    throw new CodedError('model_file_missing', `The model has no ${path}.`, { file: path });
  };
  const files = { tokenizer: await json('tokenizer.json'), config: await json('tokenizer_config.json') };
  const chatTemplate = await read('chat_template.jinja');
  return parse('tokenizer.json', () =>
    createTokenizer({ ...files, ...(chatTemplate ? { chatTemplate } : {}) }),
  );
}

function parse<T>(path: string, make: () => T): T {
  try {
    return make();
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    throw new CodedError('tokenizer_invalid', `${path} can't be read: ${text}`, { file: path }, cause);
  }
}
