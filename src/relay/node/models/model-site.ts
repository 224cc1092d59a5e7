import type { ByteSource } from '../../../protocol/model/byte-source.ts';
import type { Fingerprint } from './fingerprint.ts';

/** Where a published model's files lie: a folder, a repository of a hub, or a place on the web. */
export interface ModelSite {
  /** Of the folder or repository. */
  readonly name: string;
  /** Paths of files that are there. A site that can't list names those that it was found to have. */
  list(): Promise<readonly string[]>;
  /** The address that a manifest should name for a file; nothing where the manifest will lie beside it. */
  urlOf(path: string): string | undefined;
  /** A whole small file. */
  text(path: string): Promise<string>;
  /** A file to read parts of. */
  open(path: string): Promise<ByteSource>;
  /** @param tell called with the bytes read so far, where the file has to be read for it */
  fingerprint(path: string, tell: (bytes: number) => void): Promise<Fingerprint>;
}

/** Files of no interest are left out of lists: they are many in some repositories. */
export const KNOWN_FILES: readonly string[] = [
  'config.json',
  'generation_config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'chat_template.jinja',
  'README.md',
  ...['onnx/', ''].flatMap((folder) =>
    ['', '_fp16', '_q4', '_q4f16'].map((suffix) => `${folder}model${suffix}.onnx`),
  ),
];

/** No text file of a model is larger; a tokenizer may have tens of megabytes. */
export const TEXT_MAX = 128 << 20;
