import type { ErrorBody } from '../../core/errors.ts';
import { storageFull } from './download-faults.ts';
import { downloadFile, type DownloadPorts, type FileStep, type WantedFile } from './file-download.ts';
import { TransferMeter } from './transfer-meter.ts';

/** How far a model is. */
export interface ModelProgress {
  /** Bytes in the store, of `total`. */
  readonly bytes: number;
  readonly total: number;
  readonly step: FileStep['name'];
  /** Bytes per second of late; 0 while nothing comes. */
  readonly rate: number;
  /** What is left at this rate, in ms; missing while nothing comes. */
  readonly leftMs?: number;
  /** While `retrying`: when, in ms since the epoch, and why. */
  readonly retry?: { readonly at: number; readonly fault: ErrorBody };
}

export interface ModelDownloadPorts extends DownloadPorts {
  /** Bytes that the browser would still take; nothing where it does not say. */
  readonly room: () => Promise<number | undefined>;
}

/**
 * Sees to it that all files of a model are in the store, one after the other.
 *
 * Errors: `storage_full` before anything is fetched, with `needed`, `room` and `short` in bytes; and those of
 * `downloadFile`.
 */
export async function downloadModel(
  files: readonly WantedFile[],
  ports: ModelDownloadPorts,
  signal: AbortSignal,
  tell: (progress: ModelProgress) => void,
): Promise<void> {
  const total = sizeOf(files);
  await checkRoom(files, ports);
  const meter = new TransferMeter(ports.clock);
  let before = 0;
  for (const file of files) {
    await downloadFile(file, ports, signal, (step) => {
      if (step.name === 'receiving') meter.count(step.fresh);
      const bytes = before + ('bytes' in step ? step.bytes : 0);
      const leftMs = meter.timeFor(total - bytes);
      tell({
        bytes,
        total,
        step: step.name,
        rate: meter.rate(),
        ...(leftMs === undefined ? {} : { leftMs }),
        ...(step.name === 'retrying' ? { retry: { at: step.at, fault: step.fault } } : {}),
      });
    });
    before += file.bytes;
  }
}

/** Bytes of files, each counted once. */
export function sizeOf(files: Iterable<{ readonly bytes: number }>): number {
  let sum = 0;
  for (const { bytes } of files) sum += bytes;
  return sum;
}

async function checkRoom(files: readonly WantedFile[], { store, room }: ModelDownloadPorts): Promise<void> {
  const stored = new Map((await store.list()).map((file) => [file.sha256, file]));
  const needed = sizeOf(files) - keptIn(files, stored);
  const left = await room();
  if (left === undefined || needed <= left) return;
  throw storageFull({ needed, room: left, short: needed - left });
}

/** Bytes of these files that are in the store already, of unfinished ones too. */
export function keptIn(
  files: readonly { readonly sha256: string; readonly bytes: number }[],
  stored: ReadonlyMap<string, { readonly bytes: number }>,
): number {
  return sizeOf(
    files.map(({ sha256, bytes }) => ({ bytes: Math.min(bytes, stored.get(sha256)?.bytes ?? 0) })),
  );
}
