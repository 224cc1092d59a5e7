import { CodedError } from '../../core/errors.ts';
import type { WantedFile } from '../../engine/models/file-download.ts';
import { type ModelCatalog, parseCatalog, publicId } from '../../protocol/wire/model-catalog.ts';
import {
  fileUrl,
  filesOf,
  manifestHash,
  type ModelManifest,
  parseManifest,
} from '../../protocol/wire/model-manifest.ts';
import type { ModelOffer } from '../../protocol/wire/messages.ts';
import type { ModelChoice } from './engine-source.ts';

/** A model of the catalogue whose manifest is known: it can be offered, in each variant. */
export interface ShelvedModel {
  readonly folder: URL;
  /** Further folders with the same files. */
  readonly mirrors: readonly URL[];
  readonly manifest: ModelManifest;
  readonly offers: ReadonlyMap<string, ModelOffer>;
}

export interface Shelf {
  readonly catalog: ModelCatalog;
  readonly models: readonly ShelvedModel[];
  /** Why a manifest could not be read, by the model's id in the catalogue. */
  readonly faults: ReadonlyMap<string, CodedError>;
}

/**
 * Reads the catalogue and the manifests that it names. One that can't be read takes its model out, and no other.
 * @throws CodedError `download_failed`, `catalog_invalid`, `manifest_invalid`, where there is nothing to offer
 */
export async function readShelf(root: URL): Promise<Shelf> {
  const address = new URL('catalog.json', root);
  const catalog = parseCatalog(
    await (await fetchFile(address, 'catalog.json')).json().catch(() => undefined),
  );
  const models: ShelvedModel[] = [];
  const faults = new Map<string, CodedError>();
  const reading = catalog.models.map(async ({ id, pin }) => {
    if (pin.rule !== 'manifest') return undefined;
    const mirrors = pin.mirrors.map((mirror) => new URL(mirror));
    return readModel(new URL(pin.manifest, address), mirrors).catch((error: unknown) => {
      if (!(error instanceof CodedError)) throw error;
      faults.set(id, error);
      return undefined;
    });
  });
  for (const model of await Promise.all(reading)) if (model) models.push(model);
  const [fault] = faults.values();
  if (models.length === 0 && fault) throw fault;
  return { catalog, models, faults };
}

async function readModel(address: URL, mirrors: readonly URL[]): Promise<ShelvedModel> {
  const response = await fetchFile(address, 'manifest.json');
  const bytes = new Uint8Array(await response.arrayBuffer());
  const manifest = parseManifest(bytes);
  const hash = manifestHash(bytes);
  const offers = Object.keys(manifest.variants).map((variant): [string, ModelOffer] => {
    const id = publicId(manifest.id, variant);
    return [id, { manifest: hash, variant, id }];
  });
  return { folder: new URL('.', address), mirrors, manifest, offers: new Map(offers) };
}

/** The shelf as the page's picker shows it: one entry per variant. */
export function choicesOf({ models }: Shelf): ModelChoice[] {
  return models.flatMap(({ manifest, offers }) =>
    [...offers.values()].map(({ id, variant }) => ({
      id,
      variant,
      name: manifest.name,
      description: manifest.description,
      parameters: manifest.architecture.parameters,
      downloadBytes: filesOf(manifest, variant).reduce((sum, { bytes }) => sum + bytes, 0),
      memoryBytes: manifest.variants[variant]?.memoryBytes ?? 0,
      context: manifest.context,
      embeds: manifest.architecture.kind === 'encoder',
    })),
  );
}

/** Without a wish: what runs everywhere in little memory first. */
const PREFERRED = ['q4', 'q4f16', 'fp32', 'fp16'];

/** A variant's model and offer. @throws CodedError `model_unknown` */
export function findOffer(
  { models }: Pick<Shelf, 'models'>,
  id: string,
): { shelved: ShelvedModel; offer: ModelOffer } {
  const shelved = models.find(({ offers }) => offers.has(id));
  const offer = shelved?.offers.get(id);
  if (shelved && offer) return { shelved, offer };
  throw new CodedError('model_unknown', `This page has no model ${id}.`, { model: id });
}

/**
 * The model and offer that an order names.
 * @param wanted a public id, or the address of any model's manifest with the variant behind a #
 * @throws CodedError `model_unknown`, `download_failed`, `manifest_invalid`
 * @example await resolveOffer(shelf, 'https://models.example/qwen3-0.6b/manifest.json#q4')
 */
export async function resolveOffer(
  shelf: Pick<Shelf, 'models'>,
  wanted: string,
): Promise<{ shelved: ShelvedModel; offer: ModelOffer }> {
  const address = /^https?:\/\//.test(wanted) && URL.parse(wanted);
  return address ? findVariant(address) : findOffer(shelf, wanted);
}

async function findVariant(address: URL): Promise<{ shelved: ShelvedModel; offer: ModelOffer }> {
  const wish = decodeURIComponent(address.hash.slice(1));
  address.hash = '';
  const shelved = await readModel(address, []);
  const { id, variants } = shelved.manifest;
  const names = [...PREFERRED, ...Object.keys(variants)];
  const variant = wish === '' ? names.find((name) => name in variants) : wish;
  const offer = variant === undefined ? undefined : shelved.offers.get(publicId(id, variant));
  if (offer) return { shelved, offer };
  const has = Object.keys(variants).join(', ');
  throw new CodedError('model_unknown', `${id} has no variant ${wish}: it has ${has}.`, {
    model: id,
    variant: wish,
  });
}

/** The files of a variant, and where they may be had. */
export function wantedFiles({ folder, mirrors, manifest }: ShelvedModel, variant: string): WantedFile[] {
  return filesOf(manifest, variant).map((file) => ({
    ...file,
    urls: [fileUrl(file, folder), ...mirrors.map((base) => new URL(file.path, base))],
  }));
}

/** A response that has a body. @throws CodedError `download_failed`, naming the file */
async function fetchFile(url: URL, file: string): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url);
  } catch (cause) {
    throw new CodedError('download_failed', `${file} could not be downloaded.`, { file }, cause);
  }
  if (response.ok) return response;
  throw new CodedError('download_failed', `${file} could not be downloaded: HTTP ${response.status}.`, {
    file,
    status: response.status,
  });
}
