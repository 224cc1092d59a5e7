import { CodedError } from '../../core/errors.ts';
import type { ModelManifest } from '../../protocol/wire/model-manifest.ts';
import type { Backend } from '../engine.ts';
import type { Batch } from './batch.ts';

/** Milliseconds from any origin, finer than a step: `performance` is one. */
export interface Stopwatch {
  now(): number;
}

/** The sizes of a decoder that its caches and inputs are made by. */
export interface DecoderShape {
  readonly layers: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly vocab: number;
  /** Positions per slot. */
  readonly context: number;
  /** Rows of the shared cache. */
  readonly slots: number;
}

/** @throws CodedError `model_unsupported` for what is no decoder */
export function shapeOf(manifest: ModelManifest, slots: number, most = manifest.context): DecoderShape {
  const { architecture, id } = manifest;
  if (architecture.kind !== 'decoder')
    throw new CodedError('model_unsupported', `${id} is no model that writes.`, { kind: architecture.kind });
  const { layers, kvHeads, headDim, vocab } = architecture;
  return { layers, kvHeads, headDim, vocab, context: Math.min(manifest.context, most), slots };
}

/**
 * A loaded graph with its key/value cache on one backend. Calls never overlap: the loop waits for each.
 *
 * Errors: `device_lost`, `out_of_memory`, `engine_failed`; after one of them nothing more works.
 */
export interface Decoder {
  readonly backend: Backend;
  /** True where the arithmetic runs on a CPU, whatever the API. */
  readonly software: boolean;
  readonly gpuClass: string;
  /** Milliseconds spent in the graph or waiting for it, since loading. */
  readonly graphMs: number;
  /** Bytes of results that came back from the device, since loading. */
  readonly readBackBytes: number;
  /**
   * Writes the cache of `slot` for `count` tokens from `tokens[first]`, which is also their position. What comes before
   * them must be in the slot.
   */
  prefill(slot: number, tokens: readonly number[], first: number, count: number): Promise<void>;
  /** Copies the first `count` positions of a slot's cache into another slot. */
  copy(from: number, to: number, count: number): Promise<void>;
  /** Feeds one token to each row and puts the tokens drawn into `batch.samples`. */
  step(batch: Batch): Promise<void>;
  /** The last step's logits of a row, [vocab]: to compare backends by, never on a token's way. */
  readLogits(row: number): Promise<Float32Array>;
  close(): Promise<void>;
}
