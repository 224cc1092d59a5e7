import { proxy, type Remote, wrap } from 'comlink';
import { type ErrorBody, errorBody } from '../../core/errors.ts';
import type { LibraryStatus } from '../../provider/models/model-library.ts';
import type { ModelsApi } from '../../provider/models/models-api.ts';
import type { ModelDesk } from './model-desk.ts';

/** The desk over the models worker, which starts at the first call: a page that only lends has none. */
export function createWorkerModelDesk(): ModelDesk {
  let told: (status: LibraryStatus) => void = () => {};
  let failed: (error: ErrorBody) => void = () => {};
  let api: Remote<ModelsApi> | undefined;

  function open(): Remote<ModelsApi> {
    if (api) return api;
    const worker = new Worker(new URL('../../../workers/models.worker.ts', import.meta.url), {
      type: 'module',
      name: 'models',
    });
    worker.onerror = () => {
      failed({ code: 'worker_failed', message: 'The worker that downloads models stopped.' });
      worker.terminate();
      api = undefined; // The next call starts another one.
    };
    const opened = wrap<ModelsApi>(worker);
    opened.watch(proxy((status: LibraryStatus) => told(status))).catch((error: unknown) => {
      failed(errorBody(error));
      worker.terminate();
      api = undefined;
    });
    api = opened;
    return api;
  }

  return {
    watch(status, onFailure) {
      told = status;
      failed = onFailure;
      open();
    },
    async download(id) {
      // Gigabytes that the browser may clear at any time are worth little. A refusal is no reason not to download.
      await navigator.storage?.persist();
      await open().download(id);
    },
    pause: async (id) => open().pause(id),
    remove: async (id) => open().remove(id),
    removeStrays: async () => open().removeStrays(),
    refresh: async () => open().refresh(),
  };
}
