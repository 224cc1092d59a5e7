import type { ErrorBody } from '../../core/errors.ts';
import { keptIn, sizeOf } from '../../engine/models/model-download.ts';
import type { StoredFile } from '../../engine/models/model-store.ts';
import { type CatalogModel, publicId } from '../../protocol/wire/model-catalog.ts';
import { filesOf, type ModelFile } from '../../protocol/wire/model-manifest.ts';
import type { ModelProgress } from '../compute/engine-source.ts';
import type { Shelf } from '../compute/model-shelf.ts';

/** What a download of this page is doing. */
export type Transfer =
  | { readonly name: 'queued' }
  | { readonly name: 'active'; readonly progress: ModelProgress }
  | { readonly name: 'failed'; readonly error: ErrorBody & { readonly cure: string } };

/** A model of the catalogue in one variant, and what this browser has of it. */
export interface LibraryVariant {
  /** The public id. */
  readonly id: string;
  readonly variant: string;
  /** It needs a GPU with half precision. */
  readonly f16: boolean;
  /** Missing where nobody knows. */
  readonly downloadBytes?: number;
  readonly memoryBytes?: number;
  /** `kept`: all of it is here, checked. `part`: a download was begun. */
  readonly state: 'absent' | 'part' | 'kept';
  /** Bytes here; of an absent model 0, also where another one brought its tokenizer along. */
  readonly bytes: number;
  /** What deleting it would free: files that another model needs stay. */
  readonly frees: number;
  /** When it was last loaded or written, in ms since the epoch; 0 where it is not here. */
  readonly usedAt: number;
  readonly transfer?: Transfer;
}

export interface LibraryModel extends Omit<CatalogModel, 'variants' | 'pin' | 'sources'> {
  readonly variants: readonly LibraryVariant[];
  /**
   * Why it can't be downloaded here: its engine is not in this page, it has no manifest yet, or the manifest could not
   * be read.
   */
  readonly obstacle?: 'engine' | 'unpinned' | 'unreadable';
  /** Where a model without a manifest is to be looked at. */
  readonly repository?: string;
}

/** The catalogue, joined with the store and with what is being downloaded. */
export function describeLibrary(
  { catalog, models, faults }: Shelf,
  stored: readonly StoredFile[],
  transfers: ReadonlyMap<string, Transfer>,
): LibraryModel[] {
  const store = new Map(stored.map((file) => [file.sha256, file]));
  const files = filesByModel({ models });
  const claims = claimsOf(files, (id, list) => isKept(list, store) || transfers.has(id));
  // A tokenizer that came with another model does not begin this one.
  const listed = claimsOf(files, () => true);
  return catalog.models.map(({ variants, pin, sources: _, ...model }) => ({
    ...model,
    ...(model.engine === 'webllm' ? { obstacle: 'engine' as const } : {}),
    ...(model.engine === 'onnx' && pin.rule === 'first_download' ? { obstacle: 'unpinned' as const } : {}),
    ...(faults.has(model.id) ? { obstacle: 'unreadable' as const } : {}),
    ...(pin.rule === 'first_download' ? { repository: pin.repository } : {}),
    variants: Object.entries(variants).map(([variant, facts]) => {
      const id = publicId(model.id, variant);
      const transfer = transfers.get(id);
      return {
        id,
        variant,
        ...facts,
        ...describeKept(id, files.get(id) ?? [], removable(id, files.get(id) ?? [], listed), store, claims),
        ...(transfer ? { transfer } : {}),
      };
    }),
  }));
}

/** The files of each model that can be downloaded, by public id. */
export function filesByModel({ models }: Pick<Shelf, 'models'>): Map<string, ModelFile[]> {
  return new Map(
    models.flatMap(({ manifest, offers }) =>
      [...offers.values()].map(({ id, variant }): [string, ModelFile[]] => [id, filesOf(manifest, variant)]),
    ),
  );
}

/** Which models need a file, by its hash. */
export type Claims = ReadonlyMap<string, ReadonlySet<string>>;

/** @param needs whether a model counts */
export function claimsOf(
  files: ReadonlyMap<string, readonly ModelFile[]>,
  needs: (id: string, files: readonly ModelFile[]) => boolean,
): Claims {
  const claims = new Map<string, Set<string>>();
  for (const [id, list] of files) {
    if (!needs(id, list)) continue;
    for (const { sha256 } of list) claims.set(sha256, (claims.get(sha256) ?? new Set()).add(id));
  }
  return claims;
}

function describeKept(
  id: string,
  files: readonly ModelFile[],
  own: readonly ModelFile[],
  store: ReadonlyMap<string, StoredFile>,
  claims: Claims,
): Pick<LibraryVariant, 'state' | 'bytes' | 'frees' | 'usedAt'> {
  const kept = isKept(files, store);
  const begun = own.some(({ sha256 }) => (store.get(sha256)?.bytes ?? 0) > 0);
  if (!kept && !begun) return { state: 'absent', bytes: 0, frees: 0, usedAt: 0 };
  return {
    state: kept ? 'kept' : 'part',
    bytes: keptIn(files, store),
    frees: keptIn(removable(id, files, claims), store),
    usedAt: Math.max(...files.map(({ sha256 }) => store.get(sha256)?.usedAt ?? 0)),
  };
}

/** The files of a model that no other one needs. */
export function removable(id: string, files: readonly ModelFile[], claims: Claims): ModelFile[] {
  return files.filter(({ sha256 }) => [...(claims.get(sha256) ?? [])].every((claimant) => claimant === id));
}

export function isKept(files: readonly ModelFile[], store: ReadonlyMap<string, StoredFile>): boolean {
  return files.length > 0 && files.every(({ sha256 }) => store.get(sha256)?.finished);
}

/** Files that no model of the catalogue has, as after a model was taken out of it. */
export function straysOf(
  shelf: Shelf,
  stored: readonly StoredFile[],
): { files: StoredFile[]; bytes: number } {
  const known = new Set([...filesByModel(shelf).values()].flat().map(({ sha256 }) => sha256));
  const files = stored.filter(({ sha256 }) => !known.has(sha256));
  return { files, bytes: sizeOf(files) };
}
