import type { InferenceSession } from 'onnxruntime-web';
import { CodedError } from '../../core/errors.ts';
import type { DecoderFiles, WeightFile } from './decoder.ts';

/**
 * The files that a graph's weights lie in, as a session takes them.
 * @param how `bytes` where the runtime can't read from a blob; with JSPI it does so piece by piece
 */
export async function externalData(
  { data }: DecoderFiles,
  how: 'bytes' | 'blobs',
): Promise<Pick<InferenceSession.SessionOptions, 'externalData'>> {
  if (!data || data.length === 0) return {};
  const files = data.map(async ({ name, content }) => ({
    path: name,
    data: how === 'blobs' && content instanceof Blob ? content : await bytesOf(content),
  }));
  return { externalData: await Promise.all(files) };
}

/** @throws CodedError `out_of_memory` */
export async function bytesOf(content: WeightFile['content']): Promise<Uint8Array> {
  if (content instanceof Uint8Array) return content;
  try {
    return new Uint8Array(await content.arrayBuffer());
  } catch (cause) {
    const message = 'There is not enough memory for the weights of this model.';
    throw new CodedError('out_of_memory', message, { bytes: content.size, text: String(cause) }, cause);
  }
}

/**
 * Refuses files that are not those that the graph names: the runtime would only say that one is missing.
 * @throws CodedError `model_file_missing`
 */
export function checkData({ data = [] }: DecoderFiles, names: readonly string[]): void {
  const given = new Set(data.map(({ name }) => name));
  const missing = names.filter((name) => !given.has(name.replace(/^\.\//, '')));
  if (missing.length === 0) return;
  const message = `The model's weights lie in ${missing.join(', ')}, which its manifest does not name.`;
  throw new CodedError('model_file_missing', message, { file: missing[0], missing });
}
