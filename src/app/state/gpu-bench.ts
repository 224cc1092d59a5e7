import { effect, type ReadonlySignal, signal } from '@preact/signals';
import { errorBody } from '../../core/errors.ts';
import type { GpuReport } from '../../provider/compute/engine-source.ts';
import type { CuredError } from '../../provider/compute/lender-status.ts';
import type { ModelFit } from '../../provider/compute/model-fit.ts';
import type { LendingDesk } from '../desk/lending-desk.ts';
import { pageCure } from '../words/page-cures.ts';
import { type GpuRecord, loadGpuRecord, saveGpuRecord } from './gpu-record.ts';
import type { Settings } from './settings.ts';

/** What this GPU can do: measured once, kept, and what follows for each model. */
export interface GpuBench {
  readonly record: ReadonlySignal<GpuRecord | undefined>;
  readonly measuring: ReadonlySignal<boolean>;
  readonly failure: ReadonlySignal<CuredError | undefined>;
  readonly fits: ReadonlySignal<readonly ModelFit[]>;
  measure(): Promise<void>;
  cancel(): Promise<void>;
}

export interface GpuBenchParts {
  readonly desk: LendingDesk;
  readonly gpu: ReadonlySignal<GpuReport | undefined>;
  readonly settings: ReadonlySignal<Settings>;
  /** Nothing is kept without one. */
  readonly storage: Storage | undefined;
  readonly now: () => number;
}

export function createGpuBench({ desk, gpu, settings, storage, now }: GpuBenchParts): GpuBench {
  const record = signal<GpuRecord>();
  const measuring = signal(false);
  const failure = signal<CuredError>();
  const fits = signal<readonly ModelFit[]>([]);
  const nameOf = ({ gpuClass, name }: GpuReport): string => `${gpuClass} ${name}`;

  function fail(error: unknown): void {
    const body = errorBody(error);
    failure.value = body.code === 'aborted' ? undefined : { ...body, cure: pageCure(body.code) };
  }

  effect(() => {
    if (storage && gpu.value?.webgpu) record.value = loadGpuRecord(storage, nameOf(gpu.value));
  });
  effect(() => {
    if (!gpu.value?.webgpu) return;
    const { slots, memoryBytes } = settings.value;
    const asked = record.value;
    desk.fits({ slots, memoryBytes }, asked?.measures).then((found) => {
      if (asked === record.value) fits.value = found;
    }, fail);
  });

  return {
    record,
    measuring,
    failure,
    fits,
    async measure() {
      const found = gpu.value;
      if (!found?.webgpu || measuring.value) return;
      measuring.value = true;
      failure.value = undefined;
      try {
        record.value = { gpu: nameOf(found), measures: await desk.measureGpu(), at: now() };
        if (storage) saveGpuRecord(storage, record.value);
      } catch (error) {
        fail(error);
      } finally {
        measuring.value = false;
      }
    },
    cancel: () => desk.cancelMeasure(),
  };
}
