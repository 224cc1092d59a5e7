import { CodedError } from '../../core/errors.ts';
import type { Backend } from '../engine.ts';
import type { PaddedBatch } from './padded-batch.ts';
import { IDS, MASK } from '../../protocol/model/decoder-convention.ts';

/** What some encoders want beside ids and mask: which of two texts a token belongs to. Always the first. */
export const TYPES = 'token_type_ids';
export const STATES = 'last_hidden_state';

/**
 * A loaded encoder graph on one backend. Calls never overlap: the embedder waits for each.
 *
 * Errors: `device_lost`, `out_of_memory`, `engine_failed`; after one of them nothing more works.
 */
export interface Encoder {
  readonly backend: Backend;
  readonly software: boolean;
  readonly gpuClass: string;
  /** The last hidden states, [rows, width, hidden]; they hold until the next call. */
  encode(batch: PaddedBatch): Promise<Float32Array>;
  close(): Promise<void>;
}

/**
 * Refuses a graph that is no encoder of the onnx-community convention.
 * @throws CodedError `model_unsupported` naming what is missing or unknown.
 */
export function checkEncoderGraph(inputs: readonly string[], outputs: readonly string[]): void {
  const unknown = inputs.filter((name) => ![IDS, MASK, TYPES].includes(name));
  const missing = [
    ...[IDS, MASK].filter((name) => !inputs.includes(name)),
    ...[STATES].filter((name) => !outputs.includes(name)),
  ];
  if (unknown.length === 0 && missing.length === 0) return;
  const message = 'The model graph is no encoder of the onnx-community convention.';
  throw new CodedError('model_unsupported', message, { unknown, missing });
}
