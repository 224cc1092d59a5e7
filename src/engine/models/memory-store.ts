import { CodedError } from '../../core/errors.ts';
import { storageFull } from './download-faults.ts';
import type { FileOrigin, ModelStore, PartialFile, StoredFile } from './model-store.ts';

interface Entry {
  /** One after the other; never joined, so that adding to a large file costs no copy of it. */
  pieces: Uint8Array<ArrayBuffer>[];
  size: number;
  origin?: FileOrigin;
  finished: boolean;
  held: boolean;
}

/** Keeps files as long as the process lives. @param capacity what it has room for, in bytes */
export function createMemoryStore(capacity = Number.POSITIVE_INFINITY): ModelStore {
  const entries = new Map<string, Entry>();
  const used = (): number => [...entries.values()].reduce((sum, { size }) => sum + size, 0);
  return {
    async open(sha256) {
      const entry = entries.get(sha256);
      return entry?.finished ? new Blob(entry.pieces) : undefined;
    },
    async openPartial(sha256) {
      const entry = entries.get(sha256) ?? { pieces: [], size: 0, finished: false, held: false };
      if (entry.held) throw new CodedError('model_busy', 'This file is being written.', { sha256 });
      entry.held = true;
      entry.finished = false;
      entries.set(sha256, entry);
      return hold(entry, () => capacity - used());
    },
    list: async () =>
      [...entries].map(([sha256, { size, finished }]): StoredFile => {
        return { sha256, bytes: size, finished, usedAt: 0 };
      }),
    async remove(sha256) {
      if (entries.get(sha256)?.held)
        throw new CodedError('model_busy', 'This file is being written.', { sha256 });
      entries.delete(sha256);
    },
  };
}

function hold(entry: Entry, room: () => number): PartialFile {
  return {
    get size() {
      return entry.size;
    },
    get origin() {
      return entry.origin;
    },
    read: async (at, length) =>
      new Uint8Array(await new Blob(entry.pieces).slice(at, at + length).arrayBuffer()),
    async append(bytes) {
      if (bytes.length > room()) throw storageFull({ bytes: bytes.length });
      entry.pieces.push(bytes.slice());
      entry.size += bytes.length;
    },
    async note(origin) {
      entry.origin = origin;
    },
    async restart() {
      entry.pieces = [];
      entry.size = 0;
      delete entry.origin;
    },
    async finish() {
      entry.finished = true;
    },
    async close() {
      entry.held = false;
    },
  };
}
