import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CodedError } from '../../src/core/errors.ts';
import type { CatalogModel } from '../../src/protocol/wire/model-catalog.ts';
import type { ModelManifest } from '../../src/protocol/wire/model-manifest.ts';
import { createFolderSite } from '../../src/relay/node/models/folder-site.ts';
import { makeManifest } from '../../src/relay/node/models/manifest-maker.ts';
import type { ModelSite } from '../../src/relay/node/models/model-site.ts';
import { fingerprintUrl } from '../../src/relay/node/models/web-site.ts';
import { TEXT_FILES } from '../../src/text/tokenizer-files.ts';

export interface PinOptions {
  /** A repository of a hub, at a commit. */
  readonly site: ModelSite;
  readonly model: CatalogModel;
  readonly variants: readonly string[];
  /** Tokens of prompt and output that are offered: the cache of a long context takes much memory. */
  readonly context: number;
  /** Where manifest and tokenizer go. */
  readonly folder: string;
  readonly tell: (path: string, bytes: number) => void;
}

/**
 * Downloads a model once, hashes every file and writes the manifest that all later downloads are compared with.
 *
 * Errors: those of `makeManifest`, and `model_corrupt` where a file is not what the hub says of it.
 *
 * @returns the manifest; `manifest.json` and the tokenizer are in the folder
 */
export async function pinModel(options: PinOptions): Promise<ModelManifest> {
  const { model, context, variants, folder, tell } = options;
  await mkdir(folder, { recursive: true });
  const { id, name, description, license } = model;
  const wishes = { id, name, description, license, context, variants };
  const { manifest, bytes } = await makeManifest(createCheckedSite(options), wishes, tell);
  await writeFile(join(folder, 'manifest.json'), bytes);
  return manifest;
}

/** The repository, of which nothing is believed: weights are hashed here, and small files lie beside the manifest. */
function createCheckedSite({ site, folder }: PinOptions): ModelSite {
  const here = createFolderSite(folder);
  const urlOf = (path: string): string | undefined =>
    TEXT_FILES.includes(path) ? undefined : site.urlOf(path);
  return {
    ...site,
    urlOf,
    async fingerprint(path, tell) {
      const url = urlOf(path);
      if (url === undefined) await writeFile(join(folder, path), await site.text(path));
      const found =
        url === undefined ? here.fingerprint(path, tell) : fingerprintUrl(new URL(url), path, tell);
      const [is, said] = [await found, await site.fingerprint(path, () => {})];
      if (is.bytes === said.bytes && is.sha256 === said.sha256) return is;
      throw new CodedError('model_corrupt', `${path} is not what the hub says of it.`, {
        file: path,
        is,
        said,
      });
    },
  };
}
