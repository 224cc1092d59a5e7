import type { ErrorBody } from '../../core/errors.ts';
import type { Backend } from '../../engine/engine.ts';
import type { GpuMeasures } from '../../engine/gpu/gpu-benchmark.ts';
import type { GpuProbe } from '../../engine/gpu/gpu-device.ts';
import type { ModelProgress } from '../../engine/models/model-download.ts';
import type { Serving } from '../serving.ts';
import type { FitWish, ModelFit } from './model-fit.ts';

export type { ModelProgress };

/** What this machine can compute with, before anything is loaded. */
export interface GpuReport {
  /** False with the reason where the browser or the machine has no WebGPU. */
  readonly webgpu: boolean;
  /** One sentence where `webgpu` is false. */
  readonly reason?: string;
  /** The adapter in words, for example `NVIDIA GeForce RTX 3080` or `google swiftshader`. */
  readonly name: string;
  readonly gpuClass: string;
  /** An adapter that computes on the CPU: slow, and lent only where the owner says so. */
  readonly software: boolean;
  /** What else there is to know of the adapter. */
  readonly details?: GpuProbe;
}

/** A model that this page can serve, in one variant. */
export interface ModelChoice {
  /** The public id, for example `shakespeare-1m-q4`. */
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly variant: string;
  readonly parameters: number;
  readonly downloadBytes: number;
  readonly memoryBytes: number;
  readonly context: number;
  /** It makes vectors and writes nothing. */
  readonly embeds?: boolean;
}

export interface EngineOrder {
  readonly model: string;
  readonly backend: Extract<Backend, 'webgpu' | 'wasm'>;
  readonly slots: number;
  /** Tokens of a stream, prompt and output, if less than the model has. */
  readonly context?: number;
  /** Bytes of GPU memory that the owner allows; 0: as much as there is. */
  readonly memoryBytes: number;
  readonly allowSoftware: boolean;
}

/** `download` counts bytes of the model's files; `prepare` counts sizes of work whose shaders are ready, once it can. */
export type LoadProgress =
  | ({ readonly phase: 'download' } & ModelProgress)
  | { readonly phase: 'prepare'; readonly done?: number; readonly total?: number };

/** What was loaded: a model that writes, or one that makes vectors. */
export interface LoadedEngine extends Serving {
  /** Resolves when the engine fails while nothing runs on it: its GPU was lost. */
  readonly lost?: Promise<ErrorBody>;
}

/**
 * Where engines come from: the browser's GPU and the page's models in the product, stand-ins in tests.
 *
 * `load` fails with `webgpu_missing`, `software_adapter_refused`, `model_unknown`, `model_corrupt`, `download_failed`,
 * `storage_full`, `out_of_memory`, `memory_budget` (the owner's), `device_lost` and what else the engine has.
 */
export interface EngineSource {
  probe(): Promise<GpuReport>;
  models(): Promise<readonly ModelChoice[]>;
  /** Times this GPU on a device of its own. @throws CodedError `gpu_miscomputes`, `device_lost`, … */
  measure(signal: AbortSignal): Promise<GpuMeasures>;
  /** Which models this GPU can serve, and how fast if it was measured; nothing where there is no GPU. */
  fits(wish: FitWish, measures: GpuMeasures | undefined): Promise<readonly ModelFit[]>;
  load(
    order: EngineOrder,
    progress: (progress: LoadProgress) => void,
    signal: AbortSignal,
  ): Promise<LoadedEngine>;
}
