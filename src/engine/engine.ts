import type { DecodeSpec } from '../protocol/wire/decode-spec.ts';
import type { Feature } from '../protocol/wire/feature.ts';
import type { Sample } from '../protocol/wire/sample.ts';
import type { Pace } from './pace.ts';

/** Where the arithmetic runs. `webgpu` on a software adapter says so in `software`. */
export type Backend = 'webgpu' | 'wasm' | 'cpu';

/** What an engine can do, stated and not guessed: the scheduler and the page read only this. */
export interface EngineCapabilities {
  readonly name: 'onnx' | 'webllm';
  readonly version: string;
  readonly backend: Backend;
  /** True on a software adapter or a CPU backend: lent only where explicitly allowed. */
  readonly software: boolean;
  /** For example `nvidia/ampere`, `google/swiftshader`, `wasm`. Honest runs are compared within one class. */
  readonly gpuClass: string;
  /** Streams that decode together. */
  readonly slots: number;
  /** Largest prompt + output, in tokens. */
  readonly context: number;
  readonly vocab: number;
  /** Sampling noise from the relay's seed (rule S1); without it work can't be audited. */
  readonly seeded: boolean;
  /** Every sample carries top-4 and projection (rule S4). */
  readonly commitments: boolean;
  /** What it can do of a job beside decoding it. */
  readonly features: readonly Feature[];
}

/** One stream's order. Positions are absolute: prompt (with what was delivered before a move) first, then output. */
export interface StreamRequest {
  /** Prompt ids, then the ids that earlier attempts delivered. At least one. */
  readonly tokens: readonly number[];
  readonly spec: DecodeSpec;
  /** `0x` and 16 hex digits. */
  readonly seed: string;
  readonly choice?: number;
  /** Index in `tokens` of the first output token, where penalties and grammars begin; without it all is prompt. */
  readonly outputStart?: number;
  /** Each sample has the likeliest ids of the model: as many as this, and at least `TOP_COUNT`. */
  readonly topLogprobs?: number;
  /**
   * Whose job this is. What an earlier stream left in the cache is reused where scope and first tokens are equal;
   * without a scope nothing is reused, neither by this stream nor of it (rule E1).
   */
  readonly scope?: string;
  /** Output tokens of this attempt, at most. */
  readonly maxTokens: number;
  /** Output tokens that may be decoded now; raised by `EngineStream.grant`. Defaults to `maxTokens`. */
  readonly credit?: number;
  readonly stopIds: readonly number[];
  /** Called with each id; true ends the stream after it with `stop` (stop strings live in `src/text`). */
  readonly stopWhen?: (id: number) => boolean;
  readonly signal?: AbortSignal;
}

export type StreamEnd = 'stop' | 'length';

/**
 * A running stream. Iteration yields what one or more decode steps gave, in order, and returns how it ended.
 * Aborting the request's signal, or returning from the iteration early, frees the slot before the next step.
 *
 * Errors: `aborted`, `output_not_finite` (this stream alone); `device_lost`, `out_of_memory`, `engine_failed`,
 * `engine_closed` (every stream: the engine serves nothing more).
 */
export interface EngineStream extends AsyncIterable<Sample, StreamEnd | undefined> {
  /** Raises the number of output tokens that may be decoded; lowering is ignored. */
  grant(tokens: number): void;
}

/** Output that somebody gave, to be scored as an audit needs it (rule E3). */
export interface ScoreRequest extends Pick<
  StreamRequest,
  'spec' | 'seed' | 'choice' | 'topLogprobs' | 'signal'
> {
  /** Prompt, then all of the output up to the last token that is scored. */
  readonly tokens: readonly number[];
  /** Index in `tokens` of the first output token, where penalties and grammars begin: at least 1. */
  readonly outputStart: number;
  /** Index of the first token that is scored: an attempt after a move begins later than the output. */
  readonly from?: number;
}

/** What the model says of one given token: all but the last three as in the `Sample` of a stream that gave it. */
export interface TokenScore extends Omit<Sample, 'margin'> {
  /** The token that would have been drawn. */
  readonly drawn: number;
  /**
   * By how much the given token falls short of it in z' + T x g: 0 where they are the same, infinity where the
   * constraint forbids the given one, negative where only a filter does.
   */
  readonly gap: number;
  /** How sure the draw is (rule S3). */
  readonly margin: number;
}

/** Timings that heartbeats, the page and the duty controller read. */
export interface EngineTimings {
  /** Streams in a slot now, and waiting for one. */
  readonly active: number;
  readonly waiting: number;
  /** Longest step (decode or prefill piece, with the rest after it) seen in the last 30 s, in ms. */
  readonly worstStepMs: number;
  /** Mean decode step of the last 32, in ms. */
  readonly stepMs: number;
  readonly tokens: number;
  /** Prompt tokens that were computed, and that lay in the cache already (`StreamRequest.scope`), since loading. */
  readonly prefilled: number;
  readonly reused: number;
}

/** A loaded model. One interface for our batched ONNX loop and, later, for web-llm. */
export interface Engine {
  readonly capabilities: EngineCapabilities;
  /**
   * Waits in line when every slot is taken. Throws synchronously on a bad request: `prompt_empty`, `token_invalid`,
   * `context_exceeded`, `request_invalid`, `decode_spec_unsupported`; and once the engine has failed, with why.
   */
  open(request: StreamRequest): EngineStream;
  /**
   * Feeds tokens and says at each output position what the model makes of the one that is there: one prefill, in pieces
   * between the streams' steps, in a slot for which it waits in line. Rejects with the errors of `open` and of streams.
   */
  score(request: ScoreRequest): Promise<TokenScore[]>;
  timings(): EngineTimings;
  /** From now on the engine asks this after each step how long to rest. */
  setPace(pace: Pace): void;
  /** Ends every stream with `engine_closed` and frees the memory. */
  close(): Promise<void>;
}
