import type { InferenceSession, Tensor } from 'onnxruntime-web';
import type { Backend } from '../engine.ts';
import { useSoftwareShaders } from '../kernels/software-shaders.ts';
import { inOrder } from './call-order.ts';
import { DeviceWatch } from './device-watch.ts';
import { checkEncoderGraph, type Encoder, STATES, TYPES } from './encoder.ts';
import { graphFailure } from './graph-failure.ts';
import { IDS, MASK } from '../../protocol/model/decoder-convention.ts';
import type { PaddedBatch } from './padded-batch.ts';
import type { CpuRuntime, OrtLibrary, WebGpuRuntime } from './runtime.ts';

const ERRORS_ONLY = 3;

/** The encoder on onnxruntime-node, which blocks the thread while it computes. */
export async function createCpuEncoder(
  { ort, threads = 1 }: CpuRuntime,
  graph: Uint8Array,
): Promise<Encoder> {
  const session = await openSession(ort, graph, {
    executionProviders: ['cpu'],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
  });
  const facts = { backend: 'cpu', software: true, gpuClass: 'cpu' } as const;
  return new OrtEncoder(
    facts,
    ort,
    session,
    (run) => run(),
    () => session.release(),
  );
}

/** The encoder on onnxruntime-web's WebGPU provider, on a device that stays the caller's. */
export async function createWebGpuEncoder(runtime: WebGpuRuntime, graph: Uint8Array): Promise<Encoder> {
  const { ort, device, software, gpuClass } = runtime;
  if (software) useSoftwareShaders(device);
  const session = await openSession(ort, graph, { executionProviders: [{ name: 'webgpu', device }] });
  const watch = new DeviceWatch(device);
  return new OrtEncoder(
    { backend: 'webgpu', software, gpuClass },
    ort,
    session,
    (run) => inOrder(ort, () => watch.guard(run)),
    // After a loss there is nothing to release, and the call would not end.
    async () => {
      if (!watch.lost) await inOrder(ort, () => session.release());
    },
  );
}

/** @throws CodedError `model_unsupported`, `out_of_memory` */
async function openSession(
  ort: OrtLibrary,
  graph: Uint8Array,
  options: InferenceSession.SessionOptions,
): Promise<InferenceSession> {
  const all = { logSeverityLevel: ERRORS_ONLY, ...options } as const;
  const session = await inOrder(ort, () => ort.InferenceSession.create(graph, all)).catch((error: unknown) =>
    Promise.reject(graphFailure(error, 'model_unsupported')),
  );
  try {
    checkEncoderGraph(session.inputNames, session.outputNames);
    return session;
  } catch (error) {
    await inOrder(ort, () => session.release());
    throw error;
  }
}

interface EncoderFacts {
  readonly backend: Backend;
  readonly software: boolean;
  readonly gpuClass: string;
}

/** Runs one call when its turn comes. */
type Guard = <T>(run: () => Promise<T>) => Promise<T>;

class OrtEncoder implements Encoder {
  readonly backend: Backend;
  readonly software: boolean;
  readonly gpuClass: string;
  readonly #ort: OrtLibrary;
  readonly #session: InferenceSession;
  readonly #guard: Guard;
  readonly close: () => Promise<void>;

  constructor(
    { backend, software, gpuClass }: EncoderFacts,
    ort: OrtLibrary,
    session: InferenceSession,
    guard: Guard,
    release: () => Promise<void>,
  ) {
    [this.backend, this.software, this.gpuClass] = [backend, software, gpuClass];
    [this.#ort, this.#session, this.#guard] = [ort, session, guard];
    this.close = release;
  }

  async encode({ ids, mask, types, rows, width }: PaddedBatch): Promise<Float32Array> {
    const integers = (words: Int32Array<ArrayBuffer>): Tensor =>
      new this.#ort.Tensor('int64', new BigInt64Array(words.buffer), [rows, width]);
    const feeds: Record<string, Tensor> = { [IDS]: integers(ids), [MASK]: integers(mask) };
    if (this.#session.inputNames.includes(TYPES)) feeds[TYPES] = integers(types);
    try {
      const results = await this.#guard(() => this.#session.run(feeds, [STATES]));
      return results[STATES]?.data as Float32Array;
    } catch (error) {
      throw graphFailure(error, 'engine_failed');
    }
  }
}
