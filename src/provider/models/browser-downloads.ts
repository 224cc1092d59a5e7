import { abortError, CodedError } from '../../core/errors.ts';
import { cryptoRandom } from '../../core/random.ts';
import { createMemoryStore } from '../../engine/models/memory-store.ts';
import type { ModelDownloadPorts } from '../../engine/models/model-download.ts';
import type { ModelStore } from '../../engine/models/model-store.ts';
import { openOriginStore } from '../../engine/models/origin-store.ts';
import { systemClock } from '../compute/system-clock.ts';

/** The browser's own store, or for this visit the memory, where it gives none (as in some private windows). */
export async function openBrowserStore(): Promise<{ store: ModelStore; lasting: boolean }> {
  try {
    return { store: await openOriginStore(systemClock), lasting: true };
  } catch (error) {
    if (error instanceof CodedError && error.code === 'storage_failed') {
      return { store: createMemoryStore(), lasting: false };
    }
    throw error;
  }
}

/** What downloads need of a browser. For workers. */
export function browserDownloads(store: ModelStore): ModelDownloadPorts {
  return {
    clock: systemClock,
    random: cryptoRandom,
    store,
    // The store keeps the bytes: the HTTP cache shall not keep them a second time.
    fetch: (url, init) => fetch(url, { ...init, cache: 'no-store' }),
    exclude: async (name, signal, run) => {
      try {
        return await navigator.locks.request(name, { signal }, run);
      } catch (error) {
        // A lock that was waited for in vain throws a reason without a code.
        if (signal.aborted) throw abortError(signal);
        throw error;
      }
    },
    onNetwork: (changed) => {
      addEventListener('online', changed);
      return () => removeEventListener('online', changed);
    },
    // An upper bound: Chromium reports a round figure, and the disk may run full before.
    room: async () => {
      const { usage, quota } = await navigator.storage.estimate();
      return usage === undefined || quota === undefined ? undefined : Math.max(0, quota - usage);
    },
  };
}
