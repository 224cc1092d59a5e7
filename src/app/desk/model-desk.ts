import type { ErrorBody } from '../../core/errors.ts';
import type { LibraryStatus } from '../../provider/models/model-library.ts';

/** All that the page can do with model files: a worker behind it in the product, a stand-in in the page's tests. */
export interface ModelDesk {
  /** `status` at most four times a second; `failed` when the worker can't start or died. Called once. */
  watch(status: (status: LibraryStatus) => void, failed: (error: ErrorBody) => void): void;
  /** Queues a download, or goes on with one. What comes of it is in the status. */
  download(id: string): Promise<void>;
  /** What came stays. */
  pause(id: string): Promise<void>;
  /** Deletes a model, or what came of it. */
  remove(id: string): Promise<void>;
  /** Deletes files that no model of the catalogue has. */
  removeStrays(): Promise<void>;
  /** Looks at the disk again: another tab or worker may have written to it. */
  refresh(): Promise<void>;
}
