import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRelayServer, type RelayServer } from '../../src/relay/node/relay-server.ts';
import type { RelayConfiguration } from '../../src/relay/node/configuration.ts';
import { ProviderTab, type LossKind, type TabOptions } from './provider-tab.ts';
import { WireCutter } from './wire-cutter.ts';

export interface NetworkOptions extends Pick<TabOptions, 'model' | 'backend' | 'slots' | 'adapter'> {
  readonly port?: number;
  /** Folder of key and receipts; a new one, removed at the end, if missing. */
  readonly data?: string;
  readonly configuration?: Partial<RelayConfiguration>;
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
export class LocalNetwork {
  readonly server: RelayServer;
  readonly tabs: NetworkTab[] = [];
  readonly #options: NetworkOptions;
  readonly #temporary: string | undefined;
  #opened = 0;

  private constructor(server: RelayServer, options: NetworkOptions, temporary: string | undefined) {
    this.server = server;
    this.#options = options;
    this.#temporary = temporary;
  }

  /** @throws CodedError `port_busy` and the other reasons of a relay that can't start */
  static async start(options: NetworkOptions): Promise<LocalNetwork> {
    const temporary = options.data === undefined ? await mkdtemp(join(tmpdir(), 'afterglow-')) : undefined;
    const server = await startRelayServer({
      port: options.port ?? 0,
      data: options.data ?? temporary,
      page: 'dist',
      free: 'localhost',
      log: 'silent',
      ...options.configuration,
    });
    return new LocalNetwork(server, options, temporary);
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
    if (this.#temporary) await rm(this.#temporary, { recursive: true, force: true });
  }
}
