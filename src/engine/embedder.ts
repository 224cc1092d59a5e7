import type { Backend, EngineTimings } from './engine.ts';

/** What an embedder can do, stated and not guessed. */
export interface EmbedderCapabilities {
  readonly name: 'onnx';
  readonly version: string;
  readonly backend: Backend;
  /** True on a software adapter or a CPU backend: lent only where explicitly allowed. */
  readonly software: boolean;
  readonly gpuClass: string;
  /** Largest input, in tokens. */
  readonly context: number;
  readonly vocab: number;
  /** Numbers of a whole vector. */
  readonly dimensions: number;
  /** To how few numbers a vector may be cut; `dimensions` where it can't be. */
  readonly leastDimensions: number;
}

export interface EmbedRequest {
  /** Token ids, one list for each vector that is wanted. */
  readonly inputs: readonly (readonly number[])[];
  /** Vectors are cut to their first numbers, then brought to length 1 again (rule V4). All unless given. */
  readonly dimensions?: number;
  readonly signal?: AbortSignal;
}

/** `stepMs` and `worstStepMs` are of passes, `active` and `waiting` of calls, `tokens` of inputs. */
export type EmbedderTimings = Pick<EngineTimings, 'active' | 'waiting' | 'worstStepMs' | 'stepMs' | 'tokens'>;

/** A loaded encoder: texts, as ids, become vectors. */
export interface Embedder {
  readonly capabilities: EmbedderCapabilities;
  /**
   * The inputs' vectors in their order. Inputs of several calls share passes, those of like length first, so that little
   * is padding; calls are served in the order of their coming.
   *
   * Rejects with `inputs_empty`, `input_empty`, `token_invalid`, `context_exceeded`, `dimensions_unsupported` (a bad
   * request, before anything is computed); `aborted`, `output_not_finite` (this call alone); `device_lost`,
   * `out_of_memory`, `engine_failed`, `engine_closed` (every call: the embedder serves nothing more).
   */
  embed(request: EmbedRequest): Promise<Float32Array[]>;
  timings(): EmbedderTimings;
  /** Ends every call with `engine_closed` and frees the memory. */
  close(): Promise<void>;
}
