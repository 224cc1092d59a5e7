import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fromHex, type Hex, toHex } from '../../core/bytes.ts';
import { CodedError } from '../../core/errors.ts';
import { cryptoRandom } from '../../core/random.ts';
import { addressOf } from '../../protocol/money/signature.ts';

const NAME = 'relay.key';

/**
 * The relay's own account, which stands in its challenges and receipts: made at the first start and kept in the data
 * folder, readable by its owner only. Without a folder it lives as long as the process.
 * @throws CodedError `relay_key_invalid`
 */
export async function loadRelayAddress(dataFolder: string | undefined): Promise<Hex> {
  if (dataFolder === undefined) return addressOf(cryptoRandom.bytes(32));
  const file = join(dataFolder, NAME);
  await mkdir(dataFolder, { recursive: true });
  const kept = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (kept !== undefined) return addressIn(file, kept.trim());
  const key = cryptoRandom.bytes(32);
  await writeFile(file, `${toHex(key)}\n`, { mode: 0o600, flag: 'wx' });
  return addressOf(key);
}

function addressIn(file: string, text: string): Hex {
  try {
    if (!/^0x[0-9a-f]{64}$/.test(text)) throw new Error('not 32 bytes of hex');
    return addressOf(fromHex(text));
  } catch (cause) {
    throw new CodedError('relay_key_invalid', `The relay's key can't be read: ${file}.`, { file }, cause);
  }
}
