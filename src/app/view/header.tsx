import type { JSX } from 'preact';
import type { Lending } from '../state/lending.ts';
import { shorten } from '../words/quantities.ts';
import { MODELS_HASH } from '../state/place.ts';
import { GearIcon, ModelsIcon, WalletIcon, Wordmark } from './icons.tsx';

export interface HeaderProps {
  readonly lending: Lending;
  readonly openWallet: () => void;
  readonly openSettings: () => void;
}

export function Header({ lending, openWallet, openSettings }: HeaderProps): JSX.Element {
  const account = lending.account.value;
  return (
    <header class="header">
      <h1>
        <Wordmark />
      </h1>
      <RelayPill lending={lending} />
      <a class="button-quiet" href={MODELS_HASH}>
        <ModelsIcon />
        <span class="header-label">Models</span>
      </a>
      <button
        type="button"
        class="button-quiet"
        onClick={openWallet}
        disabled={!account && !lending.failure.value}
      >
        <WalletIcon />
        <span class="header-label">Wallet</span>
        <span class="mono header-account">{account ? shorten(account) : '…'}</span>
      </button>
      <button type="button" class="button-quiet" onClick={openSettings}>
        <GearIcon />
        <span class="header-label">Settings</span>
      </button>
    </header>
  );
}

/** Whether the relay is there: a word, never a colour alone. */
function RelayPill({ lending }: { lending: Lending }): JSX.Element {
  const { status } = lending;
  const connected = status.value?.relay.connected ?? false;
  const words = connected
    ? 'Relay: connected'
    : status.value?.state.name === 'connecting'
      ? 'Relay: no connection'
      : 'Relay: not connected';
  return (
    <p class="pill" data-on={connected} title={status.value?.relay.url}>
      <span class="pill-dot" aria-hidden="true" />
      {words}
    </p>
  );
}
