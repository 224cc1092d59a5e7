import type { Embedder } from '../engine/embedder.ts';
import type { Engine } from '../engine/engine.ts';
import type { Hello, ModelOffer } from '../protocol/wire/messages.ts';

/** A loaded model as the runner needs it: what it is called, where it ends, and how stop strings are found. */
export interface LoadedModel {
  readonly offer: ModelOffer;
  readonly stopIds: readonly number[];
  readonly stopWhen: (stop: readonly string[], prior: readonly number[]) => (id: number) => boolean;
}

/** A loaded model that makes vectors. */
export interface LoadedEncoder {
  readonly embedder: Embedder;
  readonly offer: ModelOffer;
  /** Jobs that it takes at once: they share its passes. */
  readonly slots: number;
}

/** What a provider has loaded: a model that writes, one that makes vectors, or both. At least one. */
export interface Serving {
  readonly engine?: Engine;
  readonly model?: LoadedModel;
  readonly encoder?: LoadedEncoder;
}

export function offersOf({ model, encoder }: Serving): ModelOffer[] {
  return [model?.offer, encoder?.offer].filter((offer) => offer !== undefined);
}

/** Frees the memory of all that is loaded. */
export async function closeServing({ engine, encoder }: Serving): Promise<void> {
  await Promise.all([engine?.close(), encoder?.embedder.close()]);
}

/** Mean step of late, in ms. */
export function stepMsOf({ engine, encoder }: Serving): number {
  return (engine ?? encoder?.embedder)?.timings().stepMs ?? 0;
}

/** Slots that all its models share. */
export function slotsOf({ engine, encoder }: Serving): number {
  return engine?.capabilities.slots ?? encoder?.slots ?? 0;
}

/** The longest job that it takes, in tokens. */
export function contextOf({ engine, encoder }: Serving): number {
  const contexts = [engine?.capabilities.context, encoder?.embedder.capabilities.context];
  return Math.max(...contexts.map((context) => context ?? 0));
}

export function worstStepMsOf({ engine, encoder }: Serving): number {
  const worst = [engine?.timings(), encoder?.embedder.timings()].map((times) => times?.worstStepMs ?? 0);
  return Math.min(60_000, Math.max(...worst));
}

/** Where the arithmetic runs: both models are on one backend. */
export function machineOf({ engine, encoder }: Serving): {
  gpu: Omit<Hello['gpu'], 'description'>;
  engine: Hello['engine'];
} {
  const facts = engine?.capabilities ?? encoder?.embedder.capabilities;
  const { gpuClass, backend, software, name, version } = facts ?? NOTHING;
  return { gpu: { class: gpuClass, backend, software }, engine: { name, version } };
}

const NOTHING = {
  gpuClass: 'none',
  backend: 'cpu',
  software: true,
  name: 'onnx',
  version: '',
} as const;
