import { type Clock, sleep } from '../../core/clock.ts';
import { abortError, type CodedError, type ErrorBody, unreachable } from '../../core/errors.ts';
import type { Random } from '../../core/random.ts';
import type { ModelFile } from '../../protocol/wire/model-manifest.ts';
import { CheckedFile } from './checked-file.ts';
import { modelCorrupt } from './download-faults.ts';
import { type Mirror, Mirrors } from './mirrors.ts';
import type { ModelStore, PartialFile } from './model-store.ts';
import { type Fetch, transferRest } from './transfer.ts';

/** A file that is to be in the store, and where it may be had. */
export interface WantedFile extends ModelFile {
  /** The same bytes at each, the preferred one first. */
  readonly urls: readonly URL[];
}

export interface DownloadPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly fetch: Fetch;
  readonly store: ModelStore;
  /** Runs `run` while nobody else runs under this name, in this tab or another one. */
  readonly exclude: <T>(name: string, signal: AbortSignal, run: () => Promise<T>) => Promise<T>;
  /** Calls `changed` when the network is another one, until the returned function is called. */
  readonly onNetwork: (changed: () => void) => () => void;
}

/** What happens to a file, in the order in which it may. Bytes are those in the store. */
export type FileStep =
  /** Somebody else is at it. */
  | { readonly name: 'waiting' }
  /** What an earlier visit left is hashed again. */
  | { readonly name: 'checking'; readonly bytes: number }
  | { readonly name: 'receiving'; readonly bytes: number; readonly fresh: number }
  | { readonly name: 'retrying'; readonly bytes: number; readonly at: number; readonly fault: ErrorBody }
  | { readonly name: 'kept'; readonly bytes: number };

/** The name of the lock that whoever touches a file of the store holds. */
export function lockOf(sha256: string): string {
  return `afterglow-file-${sha256}`;
}

/**
 * Sees to it that a file is in the store, checked: goes on where an earlier visit was cut off, tries mirrors in turn,
 * waits out what passes, and fetches once more what came wrong. What is there when it is aborted stays.
 *
 * Errors, each naming the file in `data.file`: `model_file_missing`, `model_corrupt`, `download_failed`;
 * `storage_full`, `storage_failed`; the signal's reason.
 */
export async function downloadFile(
  wanted: WantedFile,
  ports: DownloadPorts,
  signal: AbortSignal,
  tell: (step: FileStep) => void,
): Promise<void> {
  tell({ name: 'waiting' });
  await ports.exclude(lockOf(wanted.sha256), signal, async () => {
    if (!(await isKept(wanted, ports.store))) {
      const partial = await ports.store.openPartial(wanted.sha256);
      try {
        await complete(wanted, partial, ports, signal, tell);
      } finally {
        await partial.close();
      }
    }
    tell({ name: 'kept', bytes: wanted.bytes });
  });
}

/** A finished file of another size was damaged by somebody: it is no file. */
async function isKept({ sha256, bytes }: ModelFile, store: ModelStore): Promise<boolean> {
  const kept = await store.open(sha256);
  if (kept && kept.size !== bytes) await store.remove(sha256);
  return kept?.size === bytes;
}

async function complete(
  wanted: WantedFile,
  partial: PartialFile,
  ports: DownloadPorts,
  signal: AbortSignal,
  tell: (step: FileStep) => void,
): Promise<void> {
  if (partial.size > wanted.bytes) await partial.restart();
  const file = await CheckedFile.open(partial, (bytes) => tell({ name: 'checking', bytes }), signal);
  const mirrors = new Mirrors(wanted.urls, ports.clock, ports.random);
  // Once something came wrong, bytes of two servers are not mixed any more: else the wrong one would be blamed.
  let strict = false;
  let tagsCount = true;
  let mirror: Mirror | undefined;
  for (;;) {
    if (file.size === wanted.bytes) {
      const digest = file.digest();
      if (digest === wanted.sha256) return partial.finish();
      strict = true;
      await file.restart();
      if (mirror)
        mirrors.wrong(mirror, modelCorrupt(wanted.path, { expected: wanted.sha256, sha256: digest }));
    }
    mirror = mirrors.next();
    await waitFor(mirror, mirrors, ports, signal);
    if (strict && file.origin && file.origin.url !== mirror.url.href) await file.restart();
    const asked = mirror;
    const outcome = await transferRest(
      wanted,
      { url: mirror.url, tagsCount },
      file,
      ports,
      signal,
      (fresh) => {
        mirrors.answered(asked);
        tell({ name: 'receiving', bytes: file.size, fresh });
      },
    );
    const retry = (fault: CodedError): void =>
      tell({ name: 'retrying', bytes: file.size, at: asked.notBefore, fault: fault.toBody() });
    switch (outcome.name) {
      case 'whole':
        break;
      case 'cut':
        mirrors.failed(mirror, outcome.fault, outcome.retryAfterMs);
        retry(outcome.fault);
        break;
      case 'changed':
        tagsCount = false;
        await file.restart();
        mirrors.failed(mirror, outcome.fault);
        retry(outcome.fault);
        break;
      case 'wrong':
        strict = true;
        mirrors.wrong(mirror, outcome.fault);
        await file.restart();
        retry(outcome.fault);
        break;
      case 'gone':
        mirrors.leave(mirror, outcome.fault);
        break;
      default:
        unreachable(outcome);
    }
  }
}

/** Until the mirror may be asked, or the network is another one. */
async function waitFor(
  mirror: Mirror,
  mirrors: Mirrors,
  { clock, onNetwork }: DownloadPorts,
  signal: AbortSignal,
): Promise<void> {
  if (signal.aborted) throw abortError(signal);
  const wait = mirror.notBefore - clock.now();
  if (wait <= 0) return;
  const changed = new AbortController();
  const forward = (): void => changed.abort();
  signal.addEventListener('abort', forward, { once: true });
  const forget = onNetwork(() => {
    mirrors.retryNow();
    changed.abort();
  });
  try {
    await sleep(clock, wait, changed.signal);
  } catch (error) {
    if (signal.aborted) throw abortError(signal);
    if (!changed.signal.aborted) throw error;
  } finally {
    forget();
    signal.removeEventListener('abort', forward);
  }
}
