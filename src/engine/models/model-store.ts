/** Where checked model files are kept between visits: by their SHA-256, so that no file is kept or fetched twice. */
export interface ModelStore {
  read(sha256: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** @throws CodedError `storage_full`, `storage_failed` */
  write(sha256: string, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  remove(sha256: string): Promise<void>;
}

/** Keeps files as long as the process lives: for tests, and where a browser gives no storage. */
export function createMemoryStore(): ModelStore {
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  return {
    read: async (sha256) => files.get(sha256),
    write: async (sha256, bytes) => void files.set(sha256, bytes),
    remove: async (sha256) => void files.delete(sha256),
  };
}
