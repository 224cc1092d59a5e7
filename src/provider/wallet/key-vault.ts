import { Dexie, type Table } from 'dexie';
import type { Hex } from '../../core/bytes.ts';
import { CodedError } from '../../core/errors.ts';
import type { Random } from '../../core/random.ts';
import { addressOf } from '../../protocol/money/signature.ts';

/** A key at rest: encrypted under a key that no script can read out. */
interface KeyRow {
  readonly id: string;
  readonly account: Hex;
  readonly wrapping: CryptoKey;
  readonly iv: Uint8Array<ArrayBuffer>;
  readonly cipher: ArrayBuffer;
  readonly createdAt: number;
}

/** The row that is used; replaced keys stay under their account, because nobody may lose one by restoring another. */
const CURRENT = 'current';

/**
 * The wallet's key in IndexedDB: AES-GCM under a non-extractable key of the same row. This keeps the key out of plain
 * copies of the profile's files; it is no protection against code that runs in this origin, which is why the key
 * lives in a worker of its own and is worth little.
 */
export class KeyVault {
  readonly #rows: Table<KeyRow, string>;
  readonly #db: Dexie;
  readonly #random: Random;

  constructor(name: string, random: Random) {
    this.#db = new Dexie(name);
    this.#db.version(1).stores({ keys: 'id' });
    this.#rows = this.#db.table('keys');
    this.#random = random;
  }

  /** The private key; made on the first call. @throws CodedError `key_unreadable`, `storage_failed` */
  async open(): Promise<Uint8Array> {
    const row = (await this.#try(() => this.#rows.get(CURRENT))) ?? (await this.#create());
    return this.#decrypt(row);
  }

  /** Uses this key from now on; the one before stays in the vault. @throws CodedError `key_malformed` */
  async replace(privateKey: Uint8Array): Promise<void> {
    const row = await this.#encrypt(privateKey);
    await this.#try(() =>
      this.#db.transaction('rw', this.#rows, async () => {
        const before = await this.#rows.get(CURRENT);
        if (before) await this.#rows.put({ ...before, id: before.account });
        await this.#rows.put(row);
      }),
    );
  }

  close(): void {
    this.#db.close();
  }

  async #create(): Promise<KeyRow> {
    const fresh = await this.#encrypt(this.#random.bytes(32));
    // Another tab may have been faster: the first row stays, and both use it.
    return this.#try(() =>
      this.#db.transaction('rw', this.#rows, async () => {
        const existing = await this.#rows.get(CURRENT);
        if (!existing) await this.#rows.add(fresh);
        return existing ?? fresh;
      }),
    );
  }

  async #encrypt(privateKey: Uint8Array): Promise<KeyRow> {
    const account = accountOf(privateKey);
    const wrapping = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, [
      'encrypt',
      'decrypt',
    ]);
    const iv = Uint8Array.from(this.#random.bytes(12));
    const cipher = await crypto.subtle.encrypt(
      { name: 'AES-GCM', iv },
      wrapping,
      Uint8Array.from(privateKey),
    );
    return { id: CURRENT, account, wrapping, iv, cipher, createdAt: Date.now() };
  }

  async #decrypt({ wrapping, iv, cipher, account }: KeyRow): Promise<Uint8Array> {
    try {
      const privateKey = new Uint8Array(
        await crypto.subtle.decrypt({ name: 'AES-GCM', iv }, wrapping, cipher),
      );
      if (addressOf(privateKey) === account) return privateKey;
    } catch (cause) {
      throw new CodedError('key_unreadable', 'The stored key can’t be decrypted.', { account }, cause);
    }
    throw new CodedError('key_unreadable', 'The stored key is not the key of its account.', { account });
  }

  async #try<T>(run: () => PromiseLike<T>): Promise<T> {
    try {
      return await run();
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : String(cause);
      throw new CodedError('storage_failed', `The browser’s storage refused: ${message}`, undefined, cause);
    }
  }
}

function accountOf(privateKey: Uint8Array): Hex {
  try {
    return addressOf(privateKey);
  } catch (cause) {
    throw new CodedError('key_malformed', 'A private key must be 64 hexadecimal digits.', undefined, cause);
  }
}
