import { CodedError } from '../../core/errors.ts';
import type { DecoderFacts, FloatType } from '../../protocol/model/decoder-facts.ts';
import type { ModelManifest } from '../../protocol/wire/model-manifest.ts';
import type { Backend } from '../engine.ts';
import type { Sample } from '../../protocol/wire/sample.ts';
import type { Draw } from '../sampling/logit-sampler.ts';
import type { Batch } from './batch.ts';

/** Milliseconds from any origin, finer than a step: `performance` is one. */
export interface Stopwatch {
  now(): number;
}

/** The sizes and types of a decoder that its caches and inputs are made by. */
export interface DecoderShape {
  readonly layers: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly vocab: number;
  /** Of keys and values. */
  readonly cacheType: FloatType;
  readonly logitsType: FloatType;
  /** Inputs that not every graph has. */
  readonly hasPositions: boolean;
  readonly hasKept: boolean;
  /** Positions per slot. */
  readonly context: number;
  /** Rows of the shared cache. */
  readonly slots: number;
}

/** A loaded model's graph and the files that its weights lie in, if not in itself. */
export interface DecoderFiles {
  readonly graph: Uint8Array;
  readonly data?: readonly WeightFile[];
}

/** A file of external data. A `Blob` is read piece by piece where the runtime can (WebGPU with JSPI). */
export interface WeightFile {
  /** As the graph calls it: relative to its own folder. */
  readonly name: string;
  readonly content: Uint8Array | Blob;
}

/**
 * The sizes of a graph, checked against the manifest, which also tells what the graph leaves open.
 * @param most positions per slot, if the model allows more
 * @throws CodedError `manifest_mismatch` where graph and manifest contradict each other, `model_unsupported` for what is
 * no decoder
 */
export function shapeOf(
  facts: DecoderFacts,
  manifest: ModelManifest,
  slots: number,
  most = manifest.context,
): DecoderShape {
  const { architecture, id } = manifest;
  if (architecture.kind !== 'decoder')
    throw new CodedError('model_unsupported', `${id} is no model that writes.`, { kind: architecture.kind });
  const { layers, kvHeads, headDim, vocab } = architecture;
  const stated = { layers, kvHeads, headDim, vocab };
  const differences = Object.entries(stated).flatMap(([name, said]) => {
    const found = facts[name as keyof typeof stated];
    return found === undefined || found === said ? [] : [[name, { graph: found, manifest: said }] as const];
  });
  if (differences.length > 0) {
    const message = 'The model’s graph has other sizes than its manifest says.';
    throw new CodedError('manifest_mismatch', message, Object.fromEntries(differences));
  }
  const { cacheType, logitsType, hasPositions, hasKept } = facts;
  const context = Math.min(manifest.context, most, facts.positions ?? most);
  return { ...stated, cacheType, logitsType, hasPositions, hasKept, context, slots };
}

/** What becomes of the logits of tokens that are given. Positions count the tokens before the one in question. */
export interface Judge {
  /** How the token at a position would be drawn; valid until the next call. */
  draw(position: number): Draw;
  /**
   * What would have been drawn there, with the raw logits of that token and of the one that is given; without a sample,
   * the logits were not finite.
   */
  take(position: number, sample: Sample | undefined, drawnLogit: number, givenLogit: number): void;
}

/** Logits that a scored piece may have (16 MiB): they are kept, or read back. */
const MOST_SCORED = 1 << 22;

/** Tokens that may be scored at once. */
export function scoreRows({ vocab }: Pick<DecoderShape, 'vocab'>): number {
  return Math.max(1, Math.min(64, Math.floor(MOST_SCORED / vocab)));
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
  /**
   * As `prefill`, and has each position's logits judged, in order. At most `scoreRows` tokens at once.
   * `tokens` goes on after them: the token at `first + count` is the last one judged.
   */
  score(slot: number, tokens: readonly number[], first: number, count: number, judge: Judge): Promise<void>;
  /** Copies the first `count` positions of a slot's cache into another slot. */
  copy(from: number, to: number, count: number): Promise<void>;
  /** Feeds one token to each row and puts the tokens drawn into `batch.samples`. */
  step(batch: Batch): Promise<void>;
  /** The last step's logits of a row, [vocab]: to compare backends by, never on a token's way. */
  readLogits(row: number): Promise<Float32Array>;
  close(): Promise<void>;
}
