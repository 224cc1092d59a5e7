import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { CodedError, errorBody } from '../../core/errors.ts';
import {
  fileUrl,
  manifestHash,
  type ModelFile,
  type ModelManifest,
  parseManifest,
} from '../../protocol/wire/model-manifest.ts';
import { readTokenizer } from '../../text/tokenizer-files.ts';
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
  const models = await Promise.all(names.sort().map((name) => readModel(folderPlace(join(folder, name)))));
  return models.flatMap((read) => read.models);
}

/** A model that was named by itself, and what its page needs to get at it. */
export interface NamedModel {
  readonly models: readonly RelayModel[];
  /** Its id, before the variant. */
  readonly id: string;
  /** The folder that it lies in; nothing for one on the web. */
  readonly folder: string | undefined;
  /** Its files, the manifest included. */
  readonly paths: readonly string[];
  /** Origins that its files come from, beside the relay's own. */
  readonly origins: readonly string[];
}

/**
 * One model, by its folder or by the address of its manifest. Its text files are checked against the manifest where they
 * come from the web; a manifest in a folder may name such files, too.
 * @throws CodedError `models_unreadable`, naming the file
 */
export async function readNamedModel(where: string): Promise<NamedModel> {
  const isWeb = /^https?:\/\//.test(where);
  const at = isWeb ? webPlace(where) : folderPlace(where);
  const { manifest, models } = await readModel(at);
  const files = manifest.files.filter(({ url }) => isWeb || url !== undefined);
  const origins = new Set(
    [...(isWeb ? [at.base] : []), ...files.map((file) => fileUrl(file, at.base))].map(({ origin }) => origin),
  );
  const paths = ['manifest.json', ...manifest.files.map(({ path }) => path)];
  return { models, id: manifest.id, folder: isWeb ? undefined : where, paths, origins: [...origins] };
}

/** Where a model's files are read from. */
interface Place {
  /** For people. */
  readonly name: string;
  /** What addresses in the manifest are relative to. */
  readonly base: URL;
  manifest(): Promise<Uint8Array>;
  text(file: ModelFile): Promise<string>;
}

function folderPlace(folder: string): Place {
  const base = pathToFileURL(`${folder}/`);
  return {
    name: folder,
    base,
    manifest: () => readFile(join(folder, 'manifest.json')),
    text: (file) =>
      file.url === undefined
        ? readFile(join(folder, file.path), 'utf8')
        : fetchChecked(new URL(file.url), file),
  };
}

function webPlace(address: string): Place {
  const base = new URL(address.endsWith('.json') ? address : `${address.replace(/\/$/, '')}/manifest.json`);
  return {
    name: base.href,
    base,
    manifest: async () => new Uint8Array(await (await fetchOk(base)).arrayBuffer()),
    text: (file) => fetchChecked(fileUrl(file, base), file),
  };
}

async function fetchChecked(url: URL, { sha256 }: ModelFile): Promise<string> {
  const bytes = Buffer.from(await (await fetchOk(url)).arrayBuffer());
  if (createHash('sha256').update(bytes).digest('hex') === sha256) return bytes.toString('utf8');
  throw new CodedError('model_corrupt', `${url.href} is not the file that the manifest names.`);
}

async function fetchOk(url: URL): Promise<Response> {
  const response = await fetch(url).catch((cause: unknown) => {
    throw new CodedError('download_failed', `${url.host} can't be reached.`, undefined, cause);
  });
  if (response.ok) return response;
  throw new CodedError('download_failed', `${url.href} answers with HTTP ${response.status}.`);
}

async function readModel(at: Place): Promise<{ manifest: ModelManifest; models: RelayModel[] }> {
  const name = (path: string): string => (at.base.protocol === 'file:' ? join(at.name, path) : at.name);
  const bytes = await orUnreadable(name('manifest.json'), at.manifest());
  const manifest = await orUnreadable(name('manifest.json'), async () => parseManifest(bytes));
  const read = async (path: string): Promise<string | undefined> => {
    const file = manifest.files.find((listed) => listed.path === path);
    return file && orUnreadable(name(path), at.text(file));
  };
  const tokenizer = await orUnreadable(name('tokenizer.json'), readTokenizer(read));
  const { id, context, eosTokenIds, architecture } = manifest;
  const models = Object.keys(manifest.variants).map((variant) => ({
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
  return { manifest, models };
}

async function orUnreadable<T>(file: string, work: Promise<T> | (() => Promise<T>)): Promise<T> {
  try {
    return await (typeof work === 'function' ? work() : work);
  } catch (cause) {
    if (cause instanceof CodedError && cause.code === 'models_unreadable') throw cause;
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
