import type { ReadonlySignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Lending } from '../state/lending.ts';
import type { Library } from '../state/library.ts';
import type { Place } from '../state/place.ts';
import { DutyPanel } from './duty-panel.tsx';
import { Earnings } from './earnings.tsx';
import { GpuPanel } from './gpu-panel.tsx';
import { Header } from './header.tsx';
import { Hero } from './hero.tsx';
import { Machine } from './machine.tsx';
import { Models } from './models.tsx';
import { Notices } from './notices.tsx';
import { Receipts } from './receipts.tsx';
import { Served } from './served.tsx';
import { SettingsDialog } from './settings-dialog.tsx';
import { Streams } from './streams.tsx';
import { WalletDialog } from './wallet-dialog.tsx';

export interface AppProps {
  readonly lending: Lending;
  readonly library: Library;
  readonly place: ReadonlySignal<Place>;
}

export function App({ lending, library, place }: AppProps): JSX.Element {
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
        {place.value === 'models' ? (
          <Models lending={lending} library={library} />
        ) : (
          <LendingView lending={lending} />
        )}
      </main>
      <footer class="footer">
        <p>Afterglow lends an idle GPU from a browser tab. Close the tab, and it is yours again.</p>
      </footer>
      <WalletDialog lending={lending} open={dialog === 'wallet'} close={close} />
      <SettingsDialog lending={lending} open={dialog === 'settings'} close={close} />
    </>
  );
}

function LendingView({ lending }: { lending: Lending }): JSX.Element {
  return (
    <>
      <Hero lending={lending} />
      <Earnings lending={lending} />
      <div class="columns">
        <div class="column">
          <Streams lending={lending} />
          <Receipts lending={lending} />
          <GpuPanel lending={lending} />
        </div>
        <div class="column">
          <DutyPanel lending={lending} />
          <Machine lending={lending} />
          <Served lending={lending} />
        </div>
      </div>
    </>
  );
}
