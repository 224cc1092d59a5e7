import { CodedError } from '../../core/errors.ts';
import type { ModelStore } from './model-store.ts';

/**
 * Keeps files in the origin's private file system. A file that was not written to its end does not exist.
 * @throws CodedError `storage_failed` where the browser gives no storage, as in some private windows.
 */
export async function openOriginStore(name = 'models'): Promise<ModelStore> {
  const folder = await navigator.storage
    .getDirectory()
    .then((root) => root.getDirectoryHandle(name, { create: true }))
    .catch((error: unknown) => Promise.reject(storageError(error, 'open')));
  return {
    async read(sha256) {
      try {
        const file = await (await folder.getFileHandle(sha256)).getFile();
        return new Uint8Array(await file.arrayBuffer());
      } catch (error) {
        if (isNamed(error, 'NotFoundError')) return undefined;
        throw storageError(error, 'read');
      }
    },
    async write(sha256, bytes) {
      try {
        const file = await folder.getFileHandle(sha256, { create: true });
        const writable = await file.createWritable();
        await writable.write(bytes);
        await writable.close();
      } catch (error) {
        await folder.removeEntry(sha256).catch(() => {});
        throw storageError(error, 'write', bytes.length);
      }
    },
    async remove(sha256) {
      await folder.removeEntry(sha256).catch((error: unknown) => {
        if (!isNamed(error, 'NotFoundError')) throw storageError(error, 'remove');
      });
    },
  };
}

function storageError(error: unknown, action: string, bytes?: number): CodedError {
  const text = String(error);
  if (isNamed(error, 'QuotaExceededError')) {
    return new CodedError('storage_full', 'The browser has no room for this model.', { bytes, text }, error);
  }
  return new CodedError('storage_failed', 'The browser’s storage does not work.', { action, text }, error);
}

function isNamed(error: unknown, name: string): boolean {
  return error instanceof DOMException && error.name === name;
}
