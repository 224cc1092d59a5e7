import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import { equalBytes, toHex } from '../../../../src/core/bytes.ts';
import { cryptoRandom } from '../../../../src/core/random.ts';
import { addressOf } from '../../../../src/protocol/money/signature.ts';
import { KeyVault } from '../../../../src/provider/wallet/key-vault.ts';

let vaults = 0;
const freshName = (): string => `vault-${vaults++}`;

/** All rows of the vault's table, as they lie in the database. */
function rowsAtRest(name: string): Promise<Record<string, unknown>[]> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(name);
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const reading = opening.result.transaction('keys').objectStore('keys').getAll();
      reading.onerror = () => reject(reading.error);
      reading.onsuccess = () => {
        opening.result.close();
        resolve(reading.result);
      };
    };
  });
}

describe('the key vault', () => {
  it('makes a key once and finds it again', async () => {
    const name = freshName();
    const first = new KeyVault(name, cryptoRandom);
    const key = await first.open();
    expect(key).toHaveLength(32);
    expect(toHex(await first.open())).toBe(toHex(key));
    first.close();
    const second = new KeyVault(name, cryptoRandom);
    expect(toHex(await second.open())).toBe(toHex(key));
    second.close();
  });

  it('gives two tabs that open it at once the same key', async () => {
    const name = freshName();
    const keys = await Promise.all([1, 2, 3].map(() => new KeyVault(name, cryptoRandom).open()));
    expect(new Set(keys.map(toHex)).size).toBe(1);
  });

  it('holds the key encrypted, under a key that can’t be read out', async () => {
    const name = freshName();
    const vault = new KeyVault(name, cryptoRandom);
    const key = await vault.open();
    vault.close();
    const [row] = await rowsAtRest(name);
    const wrapping = row!['wrapping'] as CryptoKey;
    expect(wrapping.extractable).toBe(false);
    await expect(crypto.subtle.exportKey('raw', wrapping)).rejects.toThrow();
    const parts = Object.values(row!).map((value) =>
      value instanceof ArrayBuffer ? new Uint8Array(value) : value,
    );
    for (const part of parts)
      if (part instanceof Uint8Array) expect(equalBytes(part.slice(0, 32), key)).toBe(false);
    expect(JSON.stringify(row)).not.toContain(toHex(key).slice(2));
    expect(row!['account']).toBe(addressOf(key));
  });

  it('says so when the stored key was damaged', async () => {
    const name = freshName();
    const vault = new KeyVault(name, cryptoRandom);
    await vault.open();
    const [row] = await rowsAtRest(name);
    const cipher = new Uint8Array(row!['cipher'] as ArrayBuffer);
    cipher[3]! ^= 1;
    await new Promise((resolve) => {
      const opening = indexedDB.open(name);
      opening.onsuccess = () => {
        const writing = opening.result
          .transaction('keys', 'readwrite')
          .objectStore('keys')
          .put({ ...row, cipher: cipher.buffer });
        writing.onsuccess = resolve;
      };
    });
    await expect(vault.open()).rejects.toMatchObject({
      code: 'key_unreadable',
      data: { account: row!['account'] },
    });
    vault.close();
  });

  it('restores a backup and keeps the key before', async () => {
    const name = freshName();
    const vault = new KeyVault(name, cryptoRandom);
    const before = addressOf(await vault.open());
    const backup = new Uint8Array(32).fill(3);
    await vault.replace(backup);
    expect(toHex(await vault.open())).toBe(toHex(backup));
    vault.close();
    expect(new Set((await rowsAtRest(name)).map((row) => row['id']))).toEqual(new Set([before, 'current']));
  });

  it('refuses what is no key', async () => {
    const vault = new KeyVault(freshName(), cryptoRandom);
    for (const bad of [new Uint8Array(32), new Uint8Array(31).fill(1), new Uint8Array(32).fill(255)]) {
      await expect(vault.replace(bad)).rejects.toMatchObject({ code: 'key_malformed' });
    }
    vault.close();
  });
});
