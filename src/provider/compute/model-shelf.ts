import { CodedError } from '../../core/errors.ts';
import {
  manifestHash,
  type ModelFile,
  type ModelManifest,
  parseManifest,
} from '../../protocol/wire/model-manifest.ts';
import type { ModelOffer } from '../../protocol/wire/messages.ts';
import type { ModelChoice } from './engine-source.ts';

/** The models that this page brings along, below `/models/`. */
const BUNDLED = ['shakespeare-1m', 'shakespeare-4m'];

/** A model as it lies on the page's server. */
export interface ShelvedModel {
  readonly folder: URL;
  readonly manifest: ModelManifest;
  readonly offers: ReadonlyMap<string, ModelOffer>;
}

/** Reads the manifests of all bundled models. @throws CodedError `download_failed`, `manifest_invalid` */
export async function readShelf(root: URL): Promise<ShelvedModel[]> {
  return Promise.all(
    BUNDLED.map(async (name) => {
      const folder = new URL(`models/${name}/`, root);
      const response = await fetchFile(new URL('manifest.json', folder), 'manifest.json');
      const bytes = new Uint8Array(await response.arrayBuffer());
      const manifest = parseManifest(bytes);
      const hash = manifestHash(bytes);
      const offers = Object.keys(manifest.variants).map((variant): [string, ModelOffer] => {
        const id = `${manifest.id}-${variant}`;
        return [id, { manifest: hash, variant, id }];
      });
      return { folder, manifest, offers: new Map(offers) };
    }),
  );
}

/** The shelf as the page's picker shows it: one entry per variant. */
export function choicesOf(shelf: readonly ShelvedModel[]): ModelChoice[] {
  return shelf.flatMap(({ manifest, offers }) =>
    [...offers.values()].map(({ id, variant }) => ({
      id,
      variant,
      name: manifest.name,
      description: manifest.description,
      parameters: manifest.architecture.parameters,
      downloadBytes: filesOf(manifest, variant).reduce((sum, { bytes }) => sum + bytes, 0),
      memoryBytes: manifest.variants[variant]?.memoryBytes ?? 0,
      context: manifest.context,
    })),
  );
}

/** What a variant needs: its graph and the tokenizer, and nothing of the other variants. */
export function filesOf({ variants, files }: ModelManifest, variant: string): ModelFile[] {
  const graphs = new Set(Object.values(variants).map(({ graph }) => graph));
  return files.filter(({ path }) => !graphs.has(path) || path === variants[variant]?.graph);
}

/** A response that has a body. @throws CodedError `download_failed`, naming the file */
export async function fetchFile(url: URL, file: string, signal?: AbortSignal): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, signal ? { signal } : {});
  } catch (cause) {
    signal?.throwIfAborted();
    throw new CodedError('download_failed', `${file} could not be downloaded.`, { file }, cause);
  }
  if (response.ok) return response;
  throw new CodedError('download_failed', `${file} could not be downloaded: HTTP ${response.status}.`, {
    file,
    status: response.status,
  });
}
