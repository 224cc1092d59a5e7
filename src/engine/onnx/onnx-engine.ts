import { CodedError } from '../../core/errors.ts';
import { memorySource } from '../../protocol/model/byte-source.ts';
import { type DecoderFacts, readDecoderFacts } from '../../protocol/model/decoder-facts.ts';
import type { ModelManifest } from '../../protocol/wire/model-manifest.ts';
import type { Engine } from '../engine.ts';
import { checkFit } from '../gpu/gpu-fit.ts';
import type { CreateConstraint } from '../grammar/token-constraint.ts';
import { followCourse } from '../grammar/known-course.ts';
import { createCpuDecoder } from './cpu-decoder.ts';
import { DecodeLoop } from './decode-loop.ts';
import {
  type Decoder,
  type DecoderFiles,
  type DecoderShape,
  scoreRows,
  shapeOf,
  type Stopwatch,
} from './decoder.ts';
import { checkData } from './external-data.ts';
import { type OnnxRuntime, ORT_VERSION } from './runtime.ts';
import { createWasmDecoder } from './wasm-decoder.ts';
import { createWebGpuDecoder } from './webgpu-decoder.ts';
import { testDecoder } from './self-test.ts';
import { checkScoreRequest } from './score-request.ts';
import { Scoring } from './scoring.ts';
import { Stream } from './stream.ts';
import { checkRequest } from './stream-request.ts';
import { warmUp, type WarmUpProgress } from './warm-up.ts';

/**
 * Logits of a prefill piece, at most (64 MiB): most graphs compute them for each of its tokens, whoever wants them. With
 * a vocabulary of 150,000 that is a piece of 111 tokens.
 */
const MOST_LOGITS = 1 << 24;

export interface OnnxEngineOptions extends DecoderFiles {
  readonly runtime: OnnxRuntime;
  readonly manifest: ModelManifest;
  /** Streams that decode together; the cache is allocated for all of them. */
  readonly slots: number;
  /** Largest prompt + output, if less than the model allows: the cache is smaller, too. */
  readonly context?: number;
  /** Prompt tokens per prefill piece; chosen by backend unless given. */
  readonly prefillPiece?: number;
  /** Whether to run one prompt in two ways first (`self-test.ts`); on GPUs, unless given. */
  readonly selfTest?: boolean;
  /** What `spec.constraint` needs; without it a spec with a constraint is refused. */
  readonly createConstraint?: CreateConstraint;
  /** Makes every shader ready before the engine is given away, on a GPU; told how far it is. */
  readonly onWarmUp?: WarmUpProgress;
  /** Ends the warm-up, and thereby the loading. */
  readonly signal?: AbortSignal;
  /** Finer than a step. */
  readonly clock?: Stopwatch;
}

/** Where the time and the bytes went, since loading: what `bench engine` prints. */
export interface EnginePhases {
  /** The loop had work. */
  readonly busyMs: number;
  /** Of it, in the graph or waiting for its results. */
  readonly graphMs: number;
  readonly readBackBytes: number;
}

export interface OnnxEngine extends Engine {
  phases(): EnginePhases;
}

/**
 * Loads a decoder and starts serving streams of it, batched. The files were checked against the manifest before
 * (`src/engine/models`); what the graph says of itself is checked here.
 *
 * Errors: `graph_invalid`, `model_unsupported`, `manifest_mismatch`, `model_file_missing`; `f16_missing`,
 * `adapter_too_small`; `out_of_memory`, `device_lost`, `gpu_miscomputes`, `aborted`.
 *
 * @example
 * const engine = await createOnnxEngine({ runtime: { backend: 'cpu', ort }, manifest, graph, slots: 4 });
 */
export async function createOnnxEngine(options: OnnxEngineOptions): Promise<OnnxEngine> {
  const { runtime, manifest, slots, clock = performance } = options;
  if (!Number.isInteger(slots) || slots < 1) {
    throw new CodedError('request_invalid', 'An engine needs at least one slot.', {
      field: 'slots',
      value: slots,
    });
  }
  const facts = await readDecoderFacts(memorySource(options.graph));
  const shape = shapeOf(facts, manifest, slots, options.context);
  checkData(options, facts.files);
  const decoder = await createDecoder(runtime, options, facts, shape, clock);
  const isGpu = decoder.backend === 'webgpu' && !decoder.software;
  const roomy = shape.hasKept ? Number.POSITIVE_INFINITY : Math.max(1, Math.floor(MOST_LOGITS / shape.vocab));
  const piece = Math.min(options.prefillPiece ?? (isGpu ? 256 : 64), roomy);
  try {
    if (options.selfTest ?? isGpu) await testDecoder(decoder, shape);
    if (options.onWarmUp && decoder.backend === 'webgpu') {
      await warmUp(decoder, shape, piece, options.onWarmUp, options.signal);
    }
  } catch (error) {
    await decoder.close();
    throw error;
  }
  const loop = new DecodeLoop({ decoder, clock, slots, piece, scoreRows: scoreRows(shape) });
  const { context, vocab } = shape;
  const { createConstraint } = options;
  const limits = { context, vocab, constrains: createConstraint !== undefined };
  let closing: Promise<void> | undefined;

  return {
    capabilities: {
      name: 'onnx',
      version: ORT_VERSION,
      backend: decoder.backend,
      software: decoder.software,
      gpuClass: decoder.gpuClass,
      slots,
      context,
      vocab,
      seeded: true,
      commitments: true,
      features: ['controls', 'logprobs', ...(createConstraint ? (['constraints'] as const) : [])],
    },
    open(request) {
      if (loop.failure) throw loop.failure;
      checkRequest(request, limits);
      const stream = new Stream(request, { context, vocab, createConstraint, changed: () => loop.wake() });
      loop.add(stream);
      return stream;
    },
    async score(request) {
      if (loop.failure) throw loop.failure;
      checkScoreRequest(request, limits);
      const { spec, tokens, outputStart, from } = request;
      const prior = tokens.slice(outputStart, from ?? outputStart);
      const constraint =
        spec.constraint &&
        (await followCourse(
          await createConstraint!(spec.constraint, prior),
          tokens.slice(from ?? outputStart),
        ));
      const scoring = new Scoring(request, constraint);
      loop.add(scoring);
      return scoring.scores;
    },
    timings: () => loop.timings(),
    setPace: (pace) => void (loop.pace = pace),
    phases: () => ({ busyMs: loop.busyMs, graphMs: decoder.graphMs, readBackBytes: decoder.readBackBytes }),
    close() {
      closing ??= loop
        .stop(new CodedError('engine_closed', 'The engine was closed.'))
        .then(() => decoder.close());
      return closing;
    },
  };
}

async function createDecoder(
  runtime: OnnxRuntime,
  files: DecoderFiles,
  facts: DecoderFacts,
  shape: DecoderShape,
  clock: Stopwatch,
): Promise<Decoder> {
  if (facts.normsInAttention && runtime.backend !== 'webgpu') {
    const message = 'This model’s attention normalises heads itself: it runs on WebGPU only.';
    throw new CodedError('model_unsupported', message, { backend: runtime.backend });
  }
  switch (runtime.backend) {
    case 'cpu':
      return createCpuDecoder(runtime.ort, files, shape, clock, runtime.threads);
    case 'webgpu':
      checkFit(runtime.device, facts);
      return createWebGpuDecoder(runtime, files, shape, clock);
    case 'wasm':
      return createWasmDecoder(runtime.module, files, shape, clock);
  }
}
