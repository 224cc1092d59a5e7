import { type Feature, FEATURES } from '../../protocol/wire/feature.ts';
import type { RelayModel } from '../catalogue.ts';
import type { Registry } from '../providers/registry.ts';
import { usableInput } from './embeddings-order.ts';
import { usableContext } from './job-order.ts';

/** What every engine can do. */
const PLAIN_FEATURES = ['stream', 'n', 'stop', 'seed', 'temperature'];

const VECTOR_FEATURES = ['encoding_format', 'dimensions'];

const NAMES: Readonly<Record<Feature, readonly string[]>> = {
  controls: ['top_p', 'top_k', 'min_p', 'frequency_penalty', 'presence_penalty', 'logit_bias'],
  logprobs: ['logprobs', 'top_logprobs'],
  constraints: ['json_object', 'json_schema', 'tools'],
};

/** A model as `GET /v1/models` lists it: OpenAI's fields, and what is live. */
export interface ListedModel {
  readonly id: string;
  readonly object: 'model';
  readonly created: number;
  readonly owned_by: 'afterglow';
  /** `chat` for a model that writes, `embeddings` for one that makes vectors. */
  readonly kind: 'chat' | 'embeddings';
  /** Of an embedding model: numbers of its vectors, and to how few they may be cut. */
  readonly dimensions?: number;
  readonly least_dimensions?: number;
  /** Largest prompt + output, or input of an embedding model, in tokens. */
  readonly context: number;
  readonly manifest: string;
  readonly variant: string;
  readonly providers: number;
  /** Streams that its providers have room for, and how many of these are free. */
  readonly slots: number;
  readonly free_slots: number;
  /** What at least one of its providers can do: parameters of requests. */
  readonly features: readonly string[];
}

/** A model that somebody serves now; undefined for one that nobody does. */
export function listModel(model: RelayModel, registry: Registry, startedAt: number): ListedModel | undefined {
  let providers = 0;
  let slots = 0;
  let free = 0;
  const { embedding } = model;
  const features = new Set<string>(embedding ? VECTOR_FEATURES : PLAIN_FEATURES);
  for (const provider of registry.offering(model)) {
    providers++;
    slots += provider.free + provider.busy;
    free += provider.free;
    for (const feature of embedding ? [] : FEATURES) {
      if (provider.features.has(feature)) for (const name of NAMES[feature]) features.add(name);
    }
  }
  if (providers === 0) return undefined;
  return {
    id: model.id,
    object: 'model',
    created: Math.floor(startedAt / 1000),
    owned_by: 'afterglow',
    kind: embedding ? 'embeddings' : 'chat',
    ...(embedding ? { dimensions: embedding.dimensions, least_dimensions: embedding.leastDimensions } : {}),
    context: embedding ? usableInput(model) : usableContext(model),
    ...model.ref,
    providers,
    slots,
    free_slots: free,
    features: [...features],
  };
}
