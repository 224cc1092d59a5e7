/** The browser's side of `bench gpu`. */
import { findAdapter, type GpuProbe, probeAdapter } from '../../src/engine/gpu/gpu-device.ts';
import { createBrowserEngineSource } from '../../src/provider/compute/browser-engine-source.ts';
import type { GpuMeasures, ModelFit } from '../../src/provider/compute/model-fit.ts';

export interface GpuResult {
  readonly gpu: GpuProbe;
  readonly measures: GpuMeasures;
  readonly fits: readonly ModelFit[];
}

async function measure(slots: number): Promise<GpuResult> {
  const source = createBrowserEngineSource(new URL('/', location.origin));
  const gpu = probeAdapter(await findAdapter());
  const measures = await source.measure(new AbortController().signal);
  return { gpu, measures, fits: await source.fits({ slots, memoryBytes: 0 }, measures) };
}

Object.assign(globalThis, { measure });
