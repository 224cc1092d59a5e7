import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Lending } from '../state/lending.ts';
import { Earnings } from './earnings.tsx';
import { Header } from './header.tsx';
import { Hero } from './hero.tsx';
import { Machine } from './machine.tsx';
import { Notices } from './notices.tsx';
import { Receipts } from './receipts.tsx';
import { Served } from './served.tsx';
import { SettingsDialog } from './settings-dialog.tsx';
import { Streams } from './streams.tsx';
import { WalletDialog } from './wallet-dialog.tsx';

export function App({ lending }: { lending: Lending }): JSX.Element {
  const [dialog, setDialog] = useState<'wallet' | 'settings'>();
  const close = (): void => setDialog(undefined);
  return (
    <>
      <Header
        lending={lending}
        openWallet={() => setDialog('wallet')}
        openSettings={() => setDialog('settings')}
      />
      <main class="page">
        <Notices lending={lending} />
        <Hero lending={lending} />
        <Earnings lending={lending} />
        <div class="columns">
          <div class="column">
            <Streams lending={lending} />
            <Receipts lending={lending} />
          </div>
          <div class="column">
            <Machine lending={lending} />
            <Served lending={lending} />
          </div>
        </div>
      </main>
      <footer class="footer">
        <p>Afterglow lends an idle GPU from a browser tab. Close the tab, and it is yours again.</p>
      </footer>
      <WalletDialog lending={lending} open={dialog === 'wallet'} close={close} />
      <SettingsDialog lending={lending} open={dialog === 'settings'} close={close} />
    </>
  );
}
