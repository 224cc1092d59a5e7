import { type Clock, sleep } from '../../core/clock.ts';
import { CodedError } from '../../core/errors.ts';
import { storageFull } from './download-faults.ts';
import { type FileNote, readNote, writeNote } from './origin-notes.ts';
import type { ModelStore, PartialFile, StoredFile } from './model-store.ts';

const NAME = /^[0-9a-f]{64}$/;
/** A tab that was just closed may hold its file for a moment more. */
const HELD_TRIES = 20;
const HELD_WAIT_MS = 100;

/**
 * Keeps files in the origin's private file system, each under its hash, with a note beside it that says whether it is
 * finished. Writes go through synchronous access handles: what was appended is there after a crash, and nothing is
 * ever held in memory whole. In a dedicated worker only.
 * @throws CodedError `storage_failed` where the browser gives no storage, as in some private windows.
 */
export async function openOriginStore(clock: Clock, name = 'models'): Promise<ModelStore> {
  const folder = await navigator.storage
    .getDirectory()
    .then((root) => root.getDirectoryHandle(name, { create: true }))
    .catch((error: unknown) => Promise.reject(storageFault(error, 'open')));

  async function find(sha256: string): Promise<File | undefined> {
    try {
      return await (await folder.getFileHandle(sha256)).getFile();
    } catch (error) {
      if (isNamed(error, 'NotFoundError')) return undefined;
      throw storageFault(error, 'read');
    }
  }

  async function remove(entry: string): Promise<void> {
    await folder.removeEntry(entry).catch((error: unknown) => {
      if (!isNamed(error, 'NotFoundError')) throw storageFault(error, 'remove');
    });
  }

  return {
    async open(sha256) {
      const note = await readNote(folder, sha256);
      if (!note?.finished) return undefined;
      const file = await find(sha256);
      // A note that can't be renewed costs no more than a wrong date.
      if (file) await writeNote(folder, sha256, { ...note, usedAt: clock.now() }).catch(() => {});
      return file;
    },
    async openPartial(sha256) {
      try {
        const handle = await folder.getFileHandle(sha256, { create: true });
        const access = await openAccess(handle, clock);
        const note = (await readNote(folder, sha256)) ?? { finished: false, usedAt: clock.now() };
        return holdFile(access, note, (changed) =>
          writeNote(folder, sha256, { ...changed, usedAt: clock.now() }),
        );
      } catch (error) {
        throw storageFault(error, 'write');
      }
    },
    async list() {
      const files: StoredFile[] = [];
      for await (const sha256 of folder.keys()) {
        if (!NAME.test(sha256)) continue;
        const [file, note] = await Promise.all([find(sha256), readNote(folder, sha256)]);
        if (!file) continue;
        const { finished = false, usedAt = file.lastModified } = note ?? {};
        files.push({ sha256, bytes: file.size, finished, usedAt });
      }
      return files;
    },
    async remove(sha256) {
      await remove(sha256);
      await remove(`${sha256}.json`);
    },
  };
}

async function openAccess(handle: FileSystemFileHandle, clock: Clock): Promise<FileSystemSyncAccessHandle> {
  for (let tries = 1; ; tries++) {
    try {
      return await handle.createSyncAccessHandle();
    } catch (error) {
      if (!isNamed(error, 'NoModificationAllowedError') || tries === HELD_TRIES) throw error;
      await sleep(clock, HELD_WAIT_MS);
    }
  }
}

function holdFile(
  access: FileSystemSyncAccessHandle,
  begun: FileNote,
  write: (note: FileNote) => Promise<void>,
): PartialFile {
  let size = access.getSize();
  let note: FileNote = begun;
  async function change(next: FileNote): Promise<void> {
    note = next;
    try {
      await write(next);
    } catch (error) {
      throw storageFault(error, 'write');
    }
  }
  return {
    get size() {
      return size;
    },
    get origin() {
      return note.origin;
    },
    async read(at, length) {
      const bytes = new Uint8Array(length);
      try {
        return bytes.subarray(0, access.read(bytes, { at }));
      } catch (error) {
        throw storageFault(error, 'read');
      }
    },
    async append(bytes) {
      try {
        const written = access.write(bytes, { at: size });
        // Where the disk is full, Chromium throws nothing and returns a number out of nowhere (seen: over 4 billion).
        if (written !== bytes.length)
          throw new DOMException('The disk took only a part.', 'QuotaExceededError');
        size += written;
      } catch (error) {
        access.truncate(size);
        throw storageFault(error, 'write', bytes.length);
      }
    },
    note: (origin) => change({ ...note, origin }),
    async restart() {
      access.truncate(0);
      size = 0;
      const { origin: _, ...rest } = note;
      await change({ ...rest, finished: false });
    },
    async finish() {
      access.flush();
      await change({ ...note, finished: true });
    },
    async close() {
      access.close();
    },
  };
}

function storageFault(error: unknown, action: string, bytes?: number): CodedError {
  if (error instanceof CodedError) return error;
  const text = String(error);
  if (isNamed(error, 'QuotaExceededError')) return storageFull({ bytes, text }, error);
  if (isNamed(error, 'NoModificationAllowedError')) {
    return new CodedError(
      'model_busy',
      'Another tab is writing this model right now.',
      { action, text },
      error,
    );
  }
  return new CodedError('storage_failed', 'The browser’s storage does not work.', { action, text }, error);
}

function isNamed(error: unknown, name: string): boolean {
  return error instanceof DOMException && error.name === name;
}
