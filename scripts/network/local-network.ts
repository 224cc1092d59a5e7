import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toHex } from '../../src/core/bytes.ts';
import type { PayoutEvent } from '../../src/relay/payouts/payouts.ts';
import { loadRelayKey } from '../../src/relay/node/relay-key.ts';
import { startRelayServer, type RelayServer } from '../../src/relay/node/relay-server.ts';
import type { RelayConfiguration } from '../../src/relay/node/configuration.ts';
import { ProviderTab, type LossKind, type TabOptions } from './provider-tab.ts';
import { TestChain } from './test-chain.ts';
import { WireCutter } from './wire-cutter.ts';

export interface NetworkOptions extends Pick<TabOptions, 'model' | 'backend' | 'slots' | 'adapter'> {
  readonly port?: number;
  /** Folder of key and receipts; a new one, removed at the end, if missing. */
  readonly data?: string;
  readonly configuration?: Partial<RelayConfiguration>;
  /** A chain of its own, and nobody is served for free. */
  readonly paid?: boolean;
}

/** A tab of the network, and the cable that it hangs on. */
export interface NetworkTab {
  readonly tab: ProviderTab;
  readonly account: string;
  readonly cable: WireCutter;
}

/**
 * A whole network on this machine: a relay on its embedded store that serves the built page, and headless browsers
 * with lending tabs. For the demo, the end-to-end tests and the benchmarks. Real everything; loopback only.
 */
export class LocalNetwork implements AsyncDisposable {
  readonly server: RelayServer;
  /** Where it is paid for. */
  readonly chain: TestChain | undefined;
  readonly tabs: NetworkTab[] = [];
  readonly #payouts: Set<(event: PayoutEvent) => void>;
  readonly #options: NetworkOptions;
  readonly #temporary: string | undefined;
  #opened = 0;

  private constructor(
    made: Pick<LocalNetwork, 'server' | 'chain'>,
    options: NetworkOptions,
    temporary: string | undefined,
    payouts: Set<(event: PayoutEvent) => void>,
  ) {
    this.server = made.server;
    this.chain = made.chain;
    this.#options = options;
    this.#temporary = temporary;
    this.#payouts = payouts;
  }

  /** @throws CodedError `port_busy` and the other reasons of a relay that can't start */
  static async start(options: NetworkOptions): Promise<LocalNetwork> {
    const temporary = options.data === undefined ? await mkdtemp(join(tmpdir(), 'afterglow-')) : undefined;
    const data = options.data ?? temporary ?? '';
    const payouts = new Set<(event: PayoutEvent) => void>();
    const chain = options.paid ? await startChain(data) : undefined;
    try {
      const server = await startRelayServer(
        {
          port: options.port ?? 0,
          data,
          page: 'dist',
          log: 'silent',
          ...(chain ? { free: 'nobody', chain: moneyOn(chain) } : { free: 'localhost' }),
          ...options.configuration,
        },
        { onPayout: (event) => payouts.forEach((listener) => listener(event)) },
      );
      return new LocalNetwork({ server, chain }, options, temporary, payouts);
    } catch (error) {
      await chain?.close();
      throw error;
    }
  }

  /** Calls `listener` with what becomes of money on its way to providers. @returns a function that ends it */
  onPayout(listener: (event: PayoutEvent) => void): () => void {
    this.#payouts.add(listener);
    return () => void this.#payouts.delete(listener);
  }

  /** `http://127.0.0.1:8787/v1`, for OpenAI clients. */
  get api(): string {
    return `${this.server.url}/v1`;
  }

  /** Opens a browser with one more lending tab. Its provider socket hangs on a cable that can be cut. */
  async addTab(overrides: Partial<TabOptions> = {}): Promise<NetworkTab> {
    const cable = await WireCutter.open(this.server.port);
    try {
      const tab = await ProviderTab.open({
        page: this.server.url,
        relay: `ws://127.0.0.1:${cable.port}/v1/provider`,
        profile: `tab-${++this.#opened}`,
        ...this.#options,
        ...overrides,
      });
      const added = { tab, account: await tab.account(), cable };
      this.tabs.push(added);
      return added;
    } catch (error) {
      await cable.close();
      throw error;
    }
  }

  /** Loses a tab the hard way. Its browser stays, to be closed by `remove`. */
  async lose({ tab, cable }: NetworkTab, kind: LossKind): Promise<void> {
    switch (kind) {
      case 'page closed':
        return tab.closePage();
      case 'renderer killed':
        return tab.killRenderer();
      case 'process stopped':
        return tab.stopRenderer();
      case 'network cut':
        return cable.cut();
    }
  }

  /** Closes a tab's browser, whatever became of it. */
  async remove(gone: NetworkTab): Promise<void> {
    const at = this.tabs.indexOf(gone);
    if (at >= 0) this.tabs.splice(at, 1);
    await gone.tab.close();
    await gone.cable.close();
  }

  async close(): Promise<void> {
    await Promise.all(this.tabs.splice(0).map((tab) => this.remove(tab)));
    await this.server.close(500);
    await this.chain?.close();
    if (this.#temporary) await rm(this.#temporary, { recursive: true, force: true });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** The relay's key is made first: it owns the hub. A block a second, so that time passes on the chain, too. */
async function startChain(data: string): Promise<TestChain> {
  const { privateKey } = await loadRelayKey(data);
  return TestChain.start({ relayKey: toHex(privateKey), blockSeconds: 1 });
}

/** The demo's constants (docs/spec.md): $1 a million tokens out, $0.20 in, everything within seconds. */
function moneyOn({ anvil, deployment }: TestChain): NonNullable<RelayConfiguration['chain']> {
  const { escrow, hub, token } = deployment;
  const { chainId, rpcUrl } = anvil;
  const place = { rpcUrl, chainId, token, escrow, hub, confirmations: 1, watchMs: 500, blindMs: 30_000 };
  return {
    ...place,
    priceOut: '1.00',
    pricePrompt: '0.20',
    minDeposit: '1000',
    faucet: '1000000',
    quick: true,
  };
}
