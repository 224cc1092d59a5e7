import { type Clock, every } from '../../core/clock.ts';
import { CodedError, errorBody } from '../../core/errors.ts';
import { downloadModel, type ModelDownloadPorts } from '../../engine/models/model-download.ts';
import type { StoredFile } from '../../engine/models/model-store.ts';
import { cureOf } from '../compute/cures.ts';
import { findOffer, type Shelf, wantedFiles } from '../compute/model-shelf.ts';
import {
  claimsOf,
  describeLibrary,
  filesByModel,
  isKept,
  type LibraryModel,
  removable,
  straysOf,
  type Transfer,
} from './library-model.ts';

/** What is on the disk is looked at this often while something is downloaded. */
const LOOK_MS = 5_000;

export interface LibraryStorage {
  /** Bytes of this origin, models and all else; missing where the browser does not say. */
  readonly usage?: number;
  readonly quota?: number;
  /** The browser does not clear it to make room. */
  readonly persisted: boolean;
  /** Bytes of model files. */
  readonly models: number;
  /** Bytes of files that no model of the catalogue has. */
  readonly strays: number;
  /** False where nothing outlives this visit, as in some private windows. */
  readonly lasting: boolean;
}

export interface LibraryStatus {
  readonly models: readonly LibraryModel[];
  readonly storage: LibraryStorage;
}

export interface LibraryPorts {
  readonly shelf: Shelf;
  readonly downloads: ModelDownloadPorts;
  readonly lasting: boolean;
  readonly estimate: () => Promise<{ usage?: number; quota?: number }>;
  readonly persisted: () => Promise<boolean>;
}

/**
 * The models of this browser: downloads that the owner asked for, one at a time in the order of asking, and what is
 * here already. A download that is paused leaves its bytes in the store, and that is all that is known of it.
 */
export class ModelLibrary {
  readonly #ports: LibraryPorts;
  readonly #clock: Clock;
  readonly #transfers = new Map<string, Transfer>();
  #active: { id: string; stop: AbortController; ended: Promise<void> } | undefined;
  #stored: readonly StoredFile[] = [];
  #room: Pick<LibraryStorage, 'usage' | 'quota' | 'persisted'> = { persisted: false };

  private constructor(ports: LibraryPorts) {
    this.#ports = ports;
    this.#clock = ports.downloads.clock;
  }

  static async open(ports: LibraryPorts): Promise<ModelLibrary> {
    const library = new ModelLibrary(ports);
    await library.refresh();
    return library;
  }

  status(): LibraryStatus {
    const { shelf, lasting } = this.#ports;
    return {
      models: describeLibrary(shelf, this.#stored, this.#transfers),
      storage: {
        ...this.#room,
        models: this.#stored.reduce((sum, { bytes }) => sum + bytes, 0),
        strays: straysOf(shelf, this.#stored).bytes,
        lasting,
      },
    };
  }

  /** Looks at the disk again: other tabs write to it, too. */
  async refresh(): Promise<void> {
    const { downloads, estimate, persisted } = this.#ports;
    const [stored, room, lasts] = await Promise.all([downloads.store.list(), estimate(), persisted()]);
    this.#stored = stored;
    const { usage, quota } = room;
    this.#room = {
      persisted: lasts,
      ...(usage === undefined ? {} : { usage }),
      ...(quota === undefined ? {} : { quota }),
    };
  }

  /** Queues a download, or goes on with one. What comes of it is in the status. @throws CodedError `model_unknown` */
  download(id: string): void {
    findOffer(this.#ports.shelf, id);
    const name = this.#transfers.get(id)?.name;
    if (name === 'queued' || name === 'active') return;
    // Asked for anew, it goes to the end of the line.
    this.#transfers.delete(id);
    this.#transfers.set(id, { name: 'queued' });
    this.#next();
  }

  /** What came stays. */
  async pause(id: string): Promise<void> {
    const active = this.#active?.id === id ? this.#active : undefined;
    active?.stop.abort(new CodedError('aborted', 'The download was paused.'));
    await active?.ended;
    this.#transfers.delete(id);
  }

  /** Deletes a model, or what came of it; files that another model needs stay. @throws CodedError `model_busy` */
  async remove(id: string): Promise<void> {
    await this.pause(id);
    await this.refresh();
    const files = filesByModel(this.#ports.shelf);
    const store = new Map(this.#stored.map((file) => [file.sha256, file]));
    const claims = claimsOf(files, (other, list) => isKept(list, store) || this.#transfers.has(other));
    await this.#removeFiles(removable(id, files.get(id) ?? [], claims));
  }

  /** Deletes files that no model of the catalogue has. */
  async removeStrays(): Promise<void> {
    await this.refresh();
    await this.#removeFiles(straysOf(this.#ports.shelf, this.#stored).files);
  }

  async #removeFiles(files: readonly { readonly sha256: string }[]): Promise<void> {
    try {
      for (const { sha256 } of files) await this.#ports.downloads.store.remove(sha256);
    } finally {
      await this.refresh();
    }
  }

  #next(): void {
    if (this.#active) return;
    const [id] = [...this.#transfers].find(([, { name }]) => name === 'queued') ?? [];
    if (id === undefined) return;
    const stop = new AbortController();
    const ended = this.#run(id, stop.signal).finally(() => {
      this.#active = undefined;
      this.#next();
    });
    this.#active = { id, stop, ended };
  }

  async #run(id: string, signal: AbortSignal): Promise<void> {
    const { shelf, downloads } = this.#ports;
    const look = every(this.#clock, LOOK_MS, () => void this.refresh().catch(() => {}));
    try {
      const { shelved, offer } = findOffer(shelf, id);
      await downloadModel(wantedFiles(shelved, offer.variant), downloads, signal, (progress) => {
        if (!signal.aborted) this.#transfers.set(id, { name: 'active', progress });
      });
      await this.refresh();
      this.#transfers.delete(id);
    } catch (error) {
      const body = errorBody(error);
      if (signal.aborted) this.#transfers.delete(id);
      else this.#transfers.set(id, { name: 'failed', error: { ...body, cure: cureOf(body.code) } });
      await this.refresh().catch(() => {});
    } finally {
      look();
    }
  }
}
