import type { GpuMeasures } from '../../provider/compute/model-fit.ts';

/** What was measured of a GPU, once: it is asked for again only when the owner wants, or another GPU is there. */
export interface GpuRecord {
  /** Class and name of the adapter. */
  readonly gpu: string;
  readonly measures: GpuMeasures;
  readonly at: number;
}

const KEY = 'afterglow-gpu';
const FIGURES = ['gflops', 'gigabytesPerSecond', 'dispatchMicros'] as const;

/** The record of this GPU, if there is a sound one. */
export function loadGpuRecord(storage: Storage, gpu: string): GpuRecord | undefined {
  let stored: Partial<GpuRecord> | null;
  try {
    stored = JSON.parse(storage.getItem(KEY) ?? 'null') as Partial<GpuRecord> | null;
  } catch {
    return undefined; // Damaged by hand: measured again when asked.
  }
  const { measures, at } = stored ?? {};
  if (stored?.gpu !== gpu || !measures || typeof at !== 'number') return undefined;
  return FIGURES.every((figure) => measures[figure] > 0) ? { gpu, measures, at } : undefined;
}

export function saveGpuRecord(storage: Storage, record: GpuRecord): void {
  storage.setItem(KEY, JSON.stringify(record));
}
