import { abortError, CodedError } from '../../core/errors.ts';
import { type GpuMeasures, measureGpu } from '../../engine/gpu/gpu-benchmark.ts';
import { createConstraintFactory } from '../../engine/grammar/constraint-factory.ts';
import { findAdapter, openDevice, probeAdapter } from '../../engine/gpu/gpu-device.ts';
import { memoryNeed } from '../../engine/models/memory-need.ts';
import { obtainModel } from '../../engine/models/kept-files.ts';
import { checkPrecision } from '../../engine/gpu/gpu-fit.ts';
import { createOnnxEmbedder } from '../../engine/onnx/onnx-embedder.ts';
import { createOnnxEngine } from '../../engine/onnx/onnx-engine.ts';
import type { OnnxRuntime } from '../../engine/onnx/runtime.ts';
import { loadGrammarLibrary } from '../../engine/runtimes/grammar-runtime.ts';
import { loadWasmRuntime } from '../../engine/runtimes/wasm-runtime.ts';
import { loadWebGpuRuntime } from '../../engine/runtimes/webgpu-runtime.ts';
import { createStopFinder } from '../../engine/stop-finder.ts';
import type { ModelOffer } from '../../protocol/wire/messages.ts';
import { filesOf, type ModelManifest, nameInGraph } from '../../protocol/wire/model-manifest.ts';
import { browserDownloads, openBrowserStore } from '../models/browser-downloads.ts';
import type { EngineOrder, EngineSource, GpuReport, LoadedEngine, LoadProgress } from './engine-source.ts';
import { fitModel, type FitWish, type ModelFit } from './model-fit.ts';
import { ownEngine } from './owned-engine.ts';
import {
  choicesOf,
  readShelf,
  resolveOffer,
  type Shelf,
  type ShelvedModel,
  wantedFiles,
} from './model-shelf.ts';

/** Engines on this browser's GPU or CPU, of the models that the page's server has. @param root of the page */
export function createBrowserEngineSource(root: URL): EngineSource {
  let shelf: Promise<Shelf> | undefined;
  async function models(): Promise<Shelf> {
    shelf ??= readShelf(root);
    try {
      return await shelf;
    } catch (error) {
      shelf = undefined; // The next call may find the server again.
      throw error;
    }
  }
  return {
    probe,
    models: async () => choicesOf(await models()),
    measure,
    fits: async (wish, measures) => fits(await models(), wish, measures),
    load: async (order, progress, signal) => load(await models(), order, progress, signal),
  };
}

async function probe(): Promise<GpuReport> {
  try {
    const details = probeAdapter(await findAdapter());
    const { name, gpuClass, software } = details;
    return { webgpu: true, name, gpuClass, software, details };
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    return { webgpu: false, reason: error.message, name: '', gpuClass: 'none', software: false };
  }
}

async function measure(signal: AbortSignal): Promise<GpuMeasures> {
  const { device } = await openDevice(await findAdapter(), ['timestamp-query']);
  try {
    return await measureGpu(device, { signal });
  } finally {
    device.destroy();
  }
}

async function fits(
  { models }: Shelf,
  wish: FitWish,
  measures: GpuMeasures | undefined,
): Promise<readonly ModelFit[]> {
  const { details } = await probe();
  if (!details) return [];
  return models.flatMap(({ manifest, offers }) =>
    [...offers.values()].map(({ id, variant }) => fitModel(id, manifest, variant, details, wish, measures)),
  );
}

async function load(
  shelf: Shelf,
  order: EngineOrder,
  progress: (step: LoadProgress) => void,
  signal: AbortSignal,
): Promise<LoadedEngine> {
  const { shelved, offer } = await resolveOffer(shelf, order.model);
  const { manifest } = shelved;
  checkBudget(manifest, offer.variant, order);
  // The runtime first: a machine that can't compute shall not download a model.
  const runtime = await openRuntime(order, isHalf(manifest, offer.variant));
  try {
    return await fill(runtime, shelved, offer, order, progress, signal);
  } catch (error) {
    if (runtime.backend === 'webgpu') runtime.device.destroy();
    throw error;
  }
}

/** Gets the model's files and makes an engine of them. */
async function fill(
  runtime: OnnxRuntime,
  shelved: ShelvedModel,
  offer: ModelOffer,
  order: EngineOrder,
  progress: (step: LoadProgress) => void,
  signal: AbortSignal,
): Promise<LoadedEngine> {
  const { manifest } = shelved;
  const ports = browserDownloads((await openBrowserStore()).store);
  const open = await obtainModel(wantedFiles(shelved, offer.variant), ports, signal, (step) =>
    progress({ phase: 'download', ...step }),
  );
  progress({ phase: 'prepare' });
  const blobOf = async (path: string): Promise<Blob> => {
    const file = filesOf(manifest, offer.variant).find((listed) => listed.path === path);
    if (!file)
      throw new CodedError('manifest_invalid', `The manifest does not list ${path}.`, { file: path });
    return open(file);
  };
  const { slots, context } = order;
  const { graph = '', data = [] } = manifest.variants[offer.variant] ?? {};
  const graphBytes = async (): Promise<Uint8Array> =>
    new Uint8Array(await (await blobOf(graph)).arrayBuffer());
  if (manifest.architecture.kind === 'encoder') {
    if (signal.aborted) throw abortError(signal);
    const { engine: embedder, lost } = await ownEngine(runtime, async () =>
      createOnnxEmbedder({ runtime, manifest, graph: await graphBytes() }),
    );
    return { encoder: { embedder, offer, slots }, ...(lost ? { lost } : {}) };
  }
  const json = async (path: string): Promise<object> => JSON.parse(await (await blobOf(path)).text());
  const tokenizer = await json('tokenizer.json');
  const stopWhen = createStopFinder({ tokenizer, config: await json('tokenizer_config.json') });
  const stopIds = manifest.eosTokenIds;
  const weights = data.map(async (path) => ({ name: nameInGraph(graph, path), content: await blobOf(path) }));
  if (signal.aborted) throw abortError(signal);
  const owned = await ownEngine(runtime, async () =>
    createOnnxEngine({
      runtime,
      manifest,
      graph: await graphBytes(),
      data: await Promise.all(weights),
      slots,
      createConstraint: createConstraintFactory({
        load: loadGrammarLibrary,
        tokenizer,
        vocab: manifest.architecture.vocab,
        stopIds,
      }),
      ...(context ? { context } : {}),
      onWarmUp: (done, of) => progress({ phase: 'prepare', done, total: of }),
      signal,
    }),
  );
  return { ...owned, model: { offer, stopIds, stopWhen } };
}

function isHalf({ variants }: ModelManifest, variant: string): boolean {
  return variants[variant]?.dtype.endsWith('16') ?? false;
}

/** @throws CodedError `memory_budget` where the owner allows less GPU memory than this takes */
function checkBudget(manifest: ModelManifest, variant: string, order: EngineOrder): void {
  const { slots, context, memoryBytes } = order;
  const need = memoryNeed(manifest, variant, slots, context);
  if (memoryBytes === 0 || need <= memoryBytes) return;
  const message = 'The model and its streams need more GPU memory than you allow.';
  throw new CodedError('memory_budget', message, { need, budget: memoryBytes });
}

/** @throws CodedError `webgpu_missing`, `adapter_missing`, `software_adapter_refused`, `f16_missing`, `device_lost` */
async function openRuntime(
  { backend, allowSoftware }: EngineOrder,
  halfPrecision: boolean,
): Promise<OnnxRuntime> {
  const refuse = (what: string): CodedError =>
    new CodedError('software_adapter_refused', `${what} is lent only where that is explicitly allowed.`);
  if (backend === 'wasm') {
    if (!allowSoftware) throw refuse('The CPU');
    return loadWasmRuntime();
  }
  const adapter = await findAdapter();
  if (probeAdapter(adapter).software && !allowSoftware) throw refuse('A software adapter');
  checkPrecision(adapter, halfPrecision);
  return loadWebGpuRuntime(await openDevice(adapter));
}
