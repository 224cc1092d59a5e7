import { type ReadonlySignal, signal } from '@preact/signals';
import { type ErrorBody, errorBody } from '../../core/errors.ts';
import type { CuredError } from '../../provider/compute/lender-status.ts';
import type { LibraryStatus } from '../../provider/models/model-library.ts';
import type { ModelDesk } from '../desk/model-desk.ts';
import { pageCure } from '../words/page-cures.ts';

/** The page's view of the model files: signals that follow the worker, and the acts of the owner. */
export interface Library {
  readonly status: ReadonlySignal<LibraryStatus | undefined>;
  readonly failure: ReadonlySignal<CuredError | undefined>;
  /** Begins to follow the worker, and goes on with the downloads that the last visit left. */
  open(): void;
  download(id: string): Promise<void>;
  pause(id: string): Promise<void>;
  remove(id: string): Promise<void>;
  removeStrays(): Promise<void>;
  refresh(): Promise<void>;
}

/** Remembers which downloads are under way, so that a reload goes on with them. */
export interface WantedDownloads {
  load(): readonly string[];
  save(ids: readonly string[]): void;
}

export function createLibrary(desk: ModelDesk, wanted: WantedDownloads): Library {
  const status = signal<LibraryStatus>();
  const failure = signal<CuredError>();
  const asked = new Set<string>();
  let opened = false;

  function fail(error: ErrorBody): void {
    failure.value = { ...error, cure: pageCure(error.code) };
  }

  async function act(run: () => Promise<void>): Promise<void> {
    failure.value = undefined;
    try {
      await run();
    } catch (error) {
      fail(errorBody(error));
    }
  }

  /** Whether a reload shall go on with it. */
  function remember(id: string, goesOn: boolean): void {
    if (goesOn) asked.add(id);
    else asked.delete(id);
    wanted.save([...asked]);
  }

  async function download(id: string): Promise<void> {
    remember(id, true);
    try {
      await desk.download(id);
    } catch (error) {
      remember(id, false); // The catalogue may have lost it since the last visit.
      throw error;
    }
  }

  function follow(next: LibraryStatus): void {
    status.value = next;
    const before = asked.size;
    for (const { id, state, transfer } of next.models.flatMap(({ variants }) => variants)) {
      if (state === 'kept' && !transfer) asked.delete(id);
    }
    if (asked.size < before) wanted.save([...asked]);
  }

  const library: Library = {
    status,
    failure,
    open() {
      if (opened) return;
      opened = true;
      desk.watch(follow, (error) => {
        opened = false; // The next look at the models tries again.
        fail(error);
      });
      for (const id of wanted.load()) void library.download(id);
    },
    download: (id) => act(() => download(id)),
    pause(id) {
      remember(id, false);
      return act(() => desk.pause(id));
    },
    remove(id) {
      remember(id, false);
      return act(() => desk.remove(id));
    },
    removeStrays: () => act(() => desk.removeStrays()),
    refresh: () => desk.refresh().catch((error: unknown) => fail(errorBody(error))),
  };
  return library;
}

/** In the page's storage. What is damaged there is forgotten. */
export function storedDownloads(storage: Storage): WantedDownloads {
  const key = 'afterglow-downloads';
  return {
    load() {
      try {
        const ids: unknown = JSON.parse(storage.getItem(key) ?? '[]');
        return Array.isArray(ids) ? ids.filter((id): id is string => typeof id === 'string') : [];
      } catch {
        return [];
      }
    },
    save: (ids) => (ids.length > 0 ? storage.setItem(key, JSON.stringify(ids)) : storage.removeItem(key)),
  };
}
