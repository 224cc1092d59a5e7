import { toHex } from '../../core/bytes.ts';
import type { ModelFile } from '../../protocol/wire/model-manifest.ts';
import { modelCorrupt } from './download-faults.ts';
import type { WantedFile } from './file-download.ts';
import { downloadModel, type ModelDownloadPorts, type ModelProgress } from './model-download.ts';
import type { ModelStore } from './model-store.ts';

/** Kept files up to this size are hashed again at each load. Larger ones were when they came, and would take seconds. */
const CHECKED_MAX = 64 << 20;

/** Gives a file's bytes as late as somebody asks for them. @throws CodedError `model_corrupt`, where it vanished */
export type OpenFile = (file: ModelFile) => Promise<Blob>;

/**
 * All files of a model, downloaded where they were not, and not trusting the store's small ones: what is damaged is
 * fetched anew. Errors: those of `downloadModel`.
 */
export async function obtainModel(
  files: readonly WantedFile[],
  ports: ModelDownloadPorts,
  signal: AbortSignal,
  tell: (progress: ModelProgress) => void,
): Promise<OpenFile> {
  await downloadModel(files, ports, signal, tell);
  let damaged = false;
  for (const file of files) {
    const kept = await ports.store.open(file.sha256);
    if (kept && (file.bytes > CHECKED_MAX || (await hashOf(kept)) === file.sha256)) continue;
    damaged = true;
    await ports.store.remove(file.sha256);
  }
  if (damaged) await downloadModel(files, ports, signal, tell);
  return (file) => openKept(file, ports.store);
}

async function openKept(file: ModelFile, store: ModelStore): Promise<Blob> {
  const kept = await store.open(file.sha256);
  if (kept?.size === file.bytes) return kept;
  throw modelCorrupt(file.path, { bytes: kept?.size ?? 0, expectedBytes: file.bytes });
}

/** 64 lower-case hex digits. */
async function hashOf(blob: Blob): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', await blob.arrayBuffer()))).slice(2);
}
