import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { errorBody } from '../../core/errors.ts';
import type { Lending } from '../state/lending.ts';
import { CopyButton } from './copy-button.tsx';
import { Dialog } from './dialog.tsx';
import { Notice } from './notice.tsx';

export interface WalletDialogProps {
  readonly lending: Lending;
  readonly open: boolean;
  readonly close: () => void;
}

/** The wallet: its address, its backup, and the way back from one. */
export function WalletDialog({ lending, open, close }: WalletDialogProps): JSX.Element {
  const account = lending.account.value ?? '';
  return (
    <Dialog title="Wallet" open={open} close={close}>
      <p>
        This wallet lives in this browser and belongs to you alone. Its key never leaves it unless you back it
        up.
      </p>
      <div class="field">
        <span class="field-label">Address</span>
        <span class="address">
          <span class="mono">{account}</span>
          <CopyButton text={account} label="Copy the address" />
        </span>
      </div>
      <Backup lending={lending} />
      <Restore lending={lending} />
    </Dialog>
  );
}

function Backup({ lending }: { lending: Lending }): JSX.Element {
  const [key, setKey] = useState<string>();
  const [fault, setFault] = useState<string>();
  async function reveal(): Promise<void> {
    try {
      setKey(await lending.exportKey());
    } catch (error) {
      setFault(errorBody(error).message);
    }
  }
  return (
    <section class="dialog-part">
      <h3>Backup</h3>
      <p>
        Whoever has the private key has the wallet. Keep it where you keep passwords; nobody can restore it
        for you.
      </p>
      {fault ? <Notice tone="bad" title={fault} /> : null}
      {key ? (
        <span class="address">
          <span class="mono">{key}</span>
          <CopyButton text={key} label="Copy the private key" />
        </span>
      ) : (
        <button type="button" class="button-plain" onClick={() => void reveal()}>
          Show the private key
        </button>
      )}
    </section>
  );
}

function Restore({ lending }: { lending: Lending }): JSX.Element {
  const [text, setText] = useState('');
  const [outcome, setOutcome] = useState<{ good: boolean; words: string }>();
  async function restore(event: Event): Promise<void> {
    event.preventDefault();
    try {
      await lending.importKey(text);
      setText('');
      setOutcome({ good: true, words: 'Restored. The former key stays in this browser.' });
    } catch (error) {
      setOutcome({ good: false, words: errorBody(error).message });
    }
  }
  return (
    <section class="dialog-part">
      <h3>Restore</h3>
      <form onSubmit={(event) => void restore(event)}>
        <div class="field">
          <label>
            <span class="field-label">Private key of a backup</span>
            <input
              type="password"
              autocomplete="off"
              spellcheck={false}
              value={text}
              onInput={(event) => setText(event.currentTarget.value)}
              aria-describedby="restore-hint"
            />
          </label>
          <span id="restore-hint" class="field-hint">
            64 hexadecimal digits. Lending stops, and starts with the restored wallet when you want.
          </span>
        </div>
        <button type="submit" class="button-plain" disabled={text.trim() === ''}>
          Restore
        </button>
        <output class="field-hint" data-good={outcome?.good}>
          {outcome?.words}
        </output>
      </form>
    </section>
  );
}
