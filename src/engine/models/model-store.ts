/** Where bytes of an unfinished file came from, so that a resume can tell whether it is still the same file. */
export interface FileOrigin {
  readonly url: string;
  /** Strong validators only: a weak one says nothing about bytes. */
  readonly etag?: string;
}

/** A file of the store as a list shows it. */
export interface StoredFile {
  readonly sha256: string;
  /** What is there, of an unfinished file too. */
  readonly bytes: number;
  /** Its bytes were checked against the hash. */
  readonly finished: boolean;
  /** When it was last opened or written, in ms since the epoch. */
  readonly usedAt: number;
}

/**
 * A file on its way into the store. What was appended stays when the process dies, in order and without gaps.
 * One holder at a time: whoever opens it has the lock of its name.
 */
export interface PartialFile {
  /** Bytes there. */
  readonly size: number;
  readonly origin: FileOrigin | undefined;
  /** @throws CodedError `storage_failed` */
  read(at: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
  /** All of it, or none. @throws CodedError `storage_full`, `storage_failed` */
  append(bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  note(origin: FileOrigin): Promise<void>;
  /** Drops every byte. */
  restart(): Promise<void>;
  /** Its bytes were checked: from now on `open` gives it. */
  finish(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Where model files are kept between visits: by their SHA-256 (64 lower-case hex digits), so that no file is kept or
 * fetched twice, whichever models need it.
 *
 * Errors: `storage_failed`; `model_busy` where somebody is writing the file.
 */
export interface ModelStore {
  /** A finished file, read from the disk only when its bytes are asked for. */
  open(sha256: string): Promise<Blob | undefined>;
  openPartial(sha256: string): Promise<PartialFile>;
  list(): Promise<StoredFile[]>;
  /** Finished or not. */
  remove(sha256: string): Promise<void>;
}
