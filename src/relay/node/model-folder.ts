import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CodedError, errorBody } from '../../core/errors.ts';
import { manifestHash, parseManifest } from '../../protocol/wire/model-manifest.ts';
import { createTokenizer } from '../../text/tokenizer.ts';
import type { RelayModel } from '../catalogue.ts';

/**
 * The models of a folder (`<name>/manifest.json`, `tokenizer.json`, `tokenizer_config.json`), one for each variant.
 * Weights are not read: a relay never runs a model.
 * @throws CodedError `models_unreadable`, naming the file
 */
export async function readModelFolder(folder: string): Promise<RelayModel[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    throw unreadable(folder, cause);
  });
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const models = await Promise.all(names.sort().map((name) => readModel(join(folder, name))));
  return models.flat();
}

async function readModel(folder: string): Promise<RelayModel[]> {
  const bytes = await readOr(join(folder, 'manifest.json'));
  const manifest = parseOr(join(folder, 'manifest.json'), () => parseManifest(bytes));
  const json = async (name: string): Promise<object> => {
    const file = await readOr(join(folder, name));
    return parseOr(join(folder, name), () => JSON.parse(file.toString('utf8')) as object);
  };
  const files = { tokenizer: await json('tokenizer.json'), config: await json('tokenizer_config.json') };
  const tokenizer = parseOr(join(folder, 'tokenizer.json'), () => createTokenizer(files));
  const { id, context, eosTokenIds, architecture } = manifest;
  return Object.keys(manifest.variants).map((variant) => ({
    id: `${id}-${variant}`,
    ref: { manifest: manifestHash(bytes), variant },
    context,
    vocab: architecture.vocab,
    ...(architecture.kind === 'encoder'
      ? {
          embedding: {
            dimensions: architecture.hidden,
            leastDimensions: architecture.leastDimensions,
          },
        }
      : {}),
    eosTokenIds,
    tokenizer,
  }));
}

async function readOr(file: string): Promise<Buffer> {
  return readFile(file).catch((cause: unknown) => {
    throw unreadable(file, cause);
  });
}

function parseOr<T>(file: string, parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    throw unreadable(file, cause);
  }
}

function unreadable(file: string, cause: unknown): CodedError {
  return new CodedError(
    'models_unreadable',
    `A model can't be read: ${file}: ${errorBody(cause).message}`,
    { file },
    cause,
  );
}
