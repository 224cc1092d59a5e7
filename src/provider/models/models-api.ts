import type { ProxyMarked } from 'comlink';
import { feedStatus } from '../compute/status-feed.ts';
import { readShelf } from '../compute/model-shelf.ts';
import { systemClock } from '../compute/system-clock.ts';
import { browserDownloads, openBrowserStore } from './browser-downloads.ts';
import { type LibraryStatus, ModelLibrary } from './model-library.ts';

/**
 * What the page may ask of the models worker, over Comlink. Errors arrive as `CodedError`. A worker of its own: the one
 * that computes ends with each stop, and hashing shall not slow its streams.
 */
export interface ModelsApi {
  /** Calls `push` with the status of now, and then at most four times a second when it changed. */
  watch(push: ((status: LibraryStatus) => void) & ProxyMarked): Promise<void>;
  /** Queues a download, or goes on with one. What comes of it is in the status. */
  download(id: string): Promise<void>;
  /** What came stays. */
  pause(id: string): Promise<void>;
  /** Deletes a model, or what came of it. */
  remove(id: string): Promise<void>;
  /** Deletes files that no model of the catalogue has. */
  removeStrays(): Promise<void>;
  /** Looks at the disk again. */
  refresh(): Promise<void>;
}

/** @param root of the page */
export function createModelsApi(root: URL): ModelsApi {
  let opened: Promise<ModelLibrary> | undefined;

  async function library(): Promise<ModelLibrary> {
    opened ??= open();
    try {
      return await opened;
    } catch (error) {
      opened = undefined; // The next call may find the server again.
      throw error;
    }
  }

  async function open(): Promise<ModelLibrary> {
    const [shelf, { store, lasting }] = await Promise.all([readShelf(root), openBrowserStore()]);
    return ModelLibrary.open({
      shelf,
      lasting,
      downloads: browserDownloads(store),
      estimate: () => navigator.storage.estimate(),
      persisted: () => navigator.storage.persisted(),
    });
  }

  return {
    async watch(push) {
      const models = await library();
      feedStatus(systemClock, () => models.status(), push);
    },
    download: async (id) => (await library()).download(id),
    pause: async (id) => (await library()).pause(id),
    remove: async (id) => (await library()).remove(id),
    removeStrays: async () => (await library()).removeStrays(),
    refresh: async () => (await library()).refresh(),
  };
}
