import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Hex } from '../core/bytes.ts';
import { CodedError } from '../core/errors.ts';
import { createPrivateKey, keyWallet, type Wallet } from '../sdk/index.ts';

/** Where a key may come from beside a file. */
export const KEY_VARIABLE = 'AFTERGLOW_KEY';

/**
 * The wallet of a key file that nobody else may read, or of the environment. The key itself is never shown: no error
 * of this holds it.
 * @throws CodedError `key_missing`, `key_unreadable`, `key_exposed`, `key_invalid`
 */
export async function loadWallet(file: string | undefined): Promise<Wallet> {
  if (file !== undefined) return keyWallet(await readKey(file));
  const key = process.env[KEY_VARIABLE];
  if (key !== undefined && key !== '') return keyWallet(key);
  throw new CodedError(
    'key_missing',
    `A wallet is needed: --key-file FILE, or the variable ${KEY_VARIABLE}. "afterglow wallet new FILE" makes one.`,
  );
}

/** The key itself, as it signs transactions. @throws CodedError `key_unreadable`, `key_exposed`, `key_invalid` */
export async function readKey(file: string): Promise<Hex> {
  const text = (await readKeyFile(file)).trim();
  const key = text.startsWith('0x') ? text : `0x${text}`;
  try {
    keyWallet(key);
    return key.toLowerCase() as Hex;
  } catch {
    const message = `There is no key in ${file}: it must hold 32 bytes of hex, with or without 0x.`;
    throw new CodedError('key_invalid', message, { file });
  }
}

async function readKeyFile(file: string): Promise<string> {
  const unreadable = (cause: NodeJS.ErrnoException): never => {
    const message = `The key file can't be read (${cause.code}): ${file}.`;
    throw new CodedError('key_unreadable', message, { file }, cause);
  };
  const { mode } = await stat(file).catch(unreadable);
  // Windows has no such bits.
  if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
    const message = `Others may read the key file: chmod 600 ${file}, or take another key if somebody did.`;
    throw new CodedError('key_exposed', message, { file });
  }
  return readFile(file, 'utf8').catch(unreadable);
}

/**
 * Makes a key and keeps it in a new file that only its owner may read.
 * @throws CodedError `key_exists`: a key is never overwritten, `key_unwritable`
 */
export async function createKeyFile(file: string): Promise<Wallet> {
  const key = createPrivateKey();
  const unwritable = (cause: NodeJS.ErrnoException): never => {
    const message = `The key can't be kept there (${cause.code}): ${file}. Name a new file in a folder of yours.`;
    throw new CodedError('key_unwritable', message, { file }, cause);
  };
  await mkdir(dirname(file), { recursive: true }).catch(unwritable);
  await writeFile(file, `${key}\n`, { mode: 0o600, flag: 'wx' }).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'EEXIST') unwritable(cause);
    throw new CodedError('key_exists', `There is a file already, and it may be a key: ${file}.`, { file });
  });
  return keyWallet(key);
}
