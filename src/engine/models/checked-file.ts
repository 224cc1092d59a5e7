import { sha256 } from '@noble/hashes/sha2.js';
import { toHex } from '../../core/bytes.ts';
import { abortError } from '../../core/errors.ts';
import type { FileOrigin, PartialFile } from './model-store.ts';

/** What is kept is hashed again in pieces of this size, in bytes. */
const PIECE = 4 << 20;

/** A partial file that is hashed while it is written. */
export class CheckedFile {
  readonly #file: PartialFile;
  #hash = sha256.create();
  #hashed = 0;

  private constructor(file: PartialFile) {
    this.#file = file;
  }

  /**
   * Hashes what is there already: a hash that was kept apart from the bytes would not notice a damaged disk.
   * @param tell called with the bytes hashed so far
   */
  static async open(
    file: PartialFile,
    tell: (bytes: number) => void,
    signal: AbortSignal,
  ): Promise<CheckedFile> {
    const checked = new CheckedFile(file);
    while (checked.#hashed < file.size) {
      if (signal.aborted) throw abortError(signal);
      const piece = await file.read(checked.#hashed, Math.min(PIECE, file.size - checked.#hashed));
      checked.#hash.update(piece);
      checked.#hashed += piece.length;
      tell(checked.#hashed);
    }
    return checked;
  }

  get size(): number {
    return this.#file.size;
  }

  get origin(): FileOrigin | undefined {
    return this.#file.origin;
  }

  async append(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    await this.#file.append(bytes);
    this.#hash.update(bytes);
  }

  async note(origin: FileOrigin): Promise<void> {
    const { url, etag } = this.#file.origin ?? {};
    if (url !== origin.url || etag !== origin.etag) await this.#file.note(origin);
  }

  async restart(): Promise<void> {
    await this.#file.restart();
    this.#hash = sha256.create();
  }

  /** Of all bytes so far: 64 lower-case hex digits. */
  digest(): string {
    return toHex(this.#hash.clone().digest()).slice(2);
  }
}
