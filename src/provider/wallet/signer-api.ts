import { fromHex, type Hex, toHex } from '../../core/bytes.ts';
import { CodedError } from '../../core/errors.ts';
import { cryptoRandom } from '../../core/random.ts';
import type { Signer } from '../signer.ts';
import { createKeySigner } from './key-signer.ts';
import { KeyVault } from './key-vault.ts';
import { serveSigner } from './signer-port.ts';

/** What the page may ask of the signer worker. Signing is not among it: that is for the ports of `connect`. */
export interface SignerApi {
  /** Opens the wallet of a profile, makes its key on first use, and gives its account. */
  open(profile: string): Promise<Hex>;
  /** The private key, for the owner's backup and by the owner's explicit wish. */
  exportKey(): Promise<Hex>;
  /** Uses the key of a backup from now on; the former one stays in the vault. Gives the account. */
  importKey(privateKey: Hex): Promise<Hex>;
  /** Serves a `Signer` on this port, with the key of now. */
  connect(port: MessagePort): void;
}

export function createSignerApi(): SignerApi {
  let vault: KeyVault | undefined;
  let signer: Signer | undefined;

  function opened(): { vault: KeyVault; signer: Signer } {
    if (vault && signer) return { vault, signer };
    throw new CodedError('wallet_closed', 'The wallet was not opened.');
  }

  return {
    async open(profile) {
      vault?.close();
      vault = new KeyVault(`afterglow-wallet-${profile}`, cryptoRandom);
      signer = createKeySigner(await vault.open());
      return signer.account;
    },
    async exportKey() {
      return toHex(await opened().vault.open());
    },
    async importKey(privateKey) {
      const key = fromHex(privateKey);
      // Possible with an unreadable key, too: a backup is the cure for that.
      if (!vault) throw new CodedError('wallet_closed', 'The wallet was not opened.');
      await vault.replace(key);
      signer = createKeySigner(key);
      return signer.account;
    },
    connect(port) {
      serveSigner(port, opened().signer);
    },
  };
}
