import type { ModelRef } from '../protocol/wire/job.ts';
import type { Tokenizer } from '../text/tokenizer.ts';

/** A model that this relay can speak for: it needs the tokenizer and the limits, never the weights. */
export interface RelayModel {
  /** The public name, for example `shakespeare-1m-fp32`. */
  readonly id: string;
  readonly ref: ModelRef;
  /** Largest prompt + output, or input of a model that makes vectors, in tokens. */
  readonly context: number;
  /** Ids are below this. */
  readonly vocab: number;
  /** How long its vectors are, and how short they may be cut; only of a model that makes vectors. */
  readonly embedding?: { readonly dimensions: number; readonly leastDimensions: number };
  /** Ids that end an answer. */
  readonly eosTokenIds: readonly number[];
  readonly tokenizer: Tokenizer;
}

export interface Catalogue {
  readonly models: readonly RelayModel[];
  byId(id: string): RelayModel | undefined;
  /** What a provider offers is known by its manifest's hash, never by the name that it gives. */
  byRef(ref: ModelRef): RelayModel | undefined;
}

export function createCatalogue(models: readonly RelayModel[]): Catalogue {
  const ids = new Map(models.map((model) => [model.id, model]));
  const refs = new Map(models.map((model) => [refKey(model.ref), model]));
  return { models, byId: (id) => ids.get(id), byRef: (ref) => refs.get(refKey(ref)) };
}

function refKey({ manifest, variant }: ModelRef): string {
  return `${manifest}/${variant}`;
}
