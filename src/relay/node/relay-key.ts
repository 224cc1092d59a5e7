import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fromHex, type Hex, toHex } from '../../core/bytes.ts';
import { CodedError } from '../../core/errors.ts';
import { cryptoRandom } from '../../core/random.ts';
import { addressOf } from '../../protocol/money/signature.ts';

const NAME = 'relay.key';

/** A relay's key with its account. */
export interface RelayKey {
  readonly address: Hex;
  readonly privateKey: Uint8Array;
}

/**
 * The relay's own key, whose account stands in its challenges and receipts, is paid by agents and signs payouts: made at
 * the first start and kept in the data folder, readable by its owner only. Without a folder it lives as long as the
 * process. @throws CodedError `relay_key_invalid`
 */
export async function loadRelayKey(dataFolder: string | undefined): Promise<RelayKey> {
  if (dataFolder === undefined) return keyOf(cryptoRandom.bytes(32));
  const kept = await readKept(dataFolder);
  if (kept) return kept;
  const key = cryptoRandom.bytes(32);
  const file = join(dataFolder, NAME);
  const unwritable = (cause: NodeJS.ErrnoException): never => {
    const message = `The relay's key can't be kept (${cause.code}): ${file}.`;
    throw new CodedError('relay_key_invalid', message, { file }, cause);
  };
  await mkdir(dataFolder, { recursive: true }).catch(unwritable);
  await writeFile(file, `${toHex(key)}\n`, { mode: 0o600, flag: 'wx' }).catch(unwritable);
  return keyOf(key);
}

/**
 * The key of a relay that ran before; never a new one.
 * @throws CodedError `relay_key_missing`, `relay_key_invalid`
 */
export async function findRelayKey(dataFolder: string): Promise<RelayKey> {
  const kept = await readKept(dataFolder);
  if (kept) return kept;
  const message = `There is no ${NAME} in ${dataFolder}: start the relay there once, which makes it.`;
  throw new CodedError('relay_key_missing', message, { folder: dataFolder });
}

async function readKept(dataFolder: string): Promise<RelayKey | undefined> {
  const file = join(dataFolder, NAME);
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    const message = `The relay's key can't be read (${error.code}): ${file}.`;
    throw new CodedError('relay_key_invalid', message, { file }, error);
  });
  return text === undefined ? undefined : keyIn(file, text.trim());
}

function keyOf(privateKey: Uint8Array): RelayKey {
  return { address: addressOf(privateKey), privateKey };
}

function keyIn(file: string, text: string): RelayKey {
  try {
    if (!/^0x[0-9a-f]{64}$/.test(text)) throw new Error('not 32 bytes of hex');
    return keyOf(fromHex(text));
  } catch (cause) {
    const message = `There is no relay's key in ${file}: 0x and 64 hex digits, as the relay wrote it.`;
    throw new CodedError('relay_key_invalid', message, { file }, cause);
  }
}
