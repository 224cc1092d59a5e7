import type { Browser, Page } from 'playwright-core';
import type { LenderStatus } from '../../src/provider/compute/lender-status.ts';
import type { SelfTestOrder, SelfTestResult } from '../../src/provider/compute/self-test.ts';
import { type BrowserOptions, launchBrowser } from '../chromium.ts';

export interface TabOptions {
  /** Where the page is served, for example `http://127.0.0.1:8787`. */
  readonly page: string;
  /** The relay's provider socket; the page's own origin if missing. */
  readonly relay?: string;
  /** Public model id. */
  readonly model: string;
  readonly backend: 'webgpu' | 'wasm';
  readonly slots?: number;
  /** Names wallet and history, so that tabs of one machine are different providers. */
  readonly profile: string;
  readonly adapter?: NonNullable<BrowserOptions['adapter']>;
}

/** How a tab is lost; what the outside sees of a crash, a hung process and a pulled cable is different. */
export type LossKind = 'page closed' | 'renderer killed' | 'process stopped' | 'network cut';

/** One headless browser with one lending tab. Its processes are its own, so that they can be stopped or killed. */
export class ProviderTab {
  readonly #browser: Browser;
  readonly #page: Page;
  #stopped: number | undefined;

  private constructor(browser: Browser, page: Page) {
    this.#browser = browser;
    this.#page = page;
  }

  /** Opens the page and waits until it takes jobs. @throws Error with the page's own reason where it can't */
  static async open(options: TabOptions, timeoutMs = 120_000): Promise<ProviderTab> {
    const browser = await launchBrowser({ adapter: options.adapter ?? 'software' });
    try {
      // Nobody watches: a pulsing dot would be painted by the same processor that computes.
      const page = await browser.newPage({ reducedMotion: 'reduce' });
      const tab = new ProviderTab(browser, page);
      await page.goto(tabUrl(options));
      await tab.#ready(timeoutMs);
      return tab;
    } catch (error) {
      await browser.close();
      throw error;
    }
  }

  get page(): Page {
    return this.#page;
  }

  status(): Promise<LenderStatus> {
    return this.#page.evaluate(
      () => (globalThis as unknown as AfterglowWindow).afterglow.status as LenderStatus,
    );
  }

  /** Times the tab's engine with no relay in between. */
  selfTest(order: SelfTestOrder): Promise<SelfTestResult> {
    return this.#page.evaluate(
      (given) => (globalThis as unknown as AfterglowWindow).afterglow.selfTest(given),
      order,
    );
  }

  /** The provider's account. */
  async account(): Promise<string> {
    const { account } = await this.status();
    if (!account) throw new Error('The tab has no account yet.');
    return account;
  }

  async close(): Promise<void> {
    if (this.#stopped !== undefined) process.kill(this.#stopped, 'SIGCONT');
    this.#stopped = undefined;
    await this.#browser.close();
  }

  async closePage(): Promise<void> {
    await this.#page.close();
  }

  async killRenderer(): Promise<void> {
    process.kill(await this.rendererPid(), 'SIGKILL');
  }

  /** The process stands still with its sockets open, until `close`. */
  async stopRenderer(): Promise<void> {
    this.#stopped = await this.rendererPid();
    process.kill(this.#stopped, 'SIGSTOP');
  }

  /** The process of this browser's one page. */
  async rendererPid(): Promise<number> {
    const session = await this.#browser.newBrowserCDPSession();
    const { processInfo } = await session.send('SystemInfo.getProcessInfo');
    await session.detach();
    const renderer = processInfo
      .filter(({ type }) => type === 'renderer')
      .toSorted((a, b) => b.cpuTime - a.cpuTime)[0];
    if (!renderer) throw new Error('The browser has no renderer process.');
    return renderer.id;
  }

  async #ready(timeoutMs: number): Promise<void> {
    const state = await this.#page.waitForFunction(
      () => {
        const { status, failure } = (globalThis as unknown as Partial<AfterglowWindow>).afterglow ?? {};
        if (failure) return { name: 'error' as const, error: { cure: '', ...failure } };
        const name = status?.state.name;
        return name === 'waiting' || name === 'serving' || name === 'error' ? status?.state : undefined;
      },
      undefined,
      { timeout: timeoutMs },
    );
    const value = (await state.jsonValue()) as LenderStatus['state'] | undefined;
    if (value?.name === 'error')
      throw new Error(`The tab can't lend: ${value.error.message} ${value.error.cure}`);
  }
}

interface AfterglowWindow {
  readonly afterglow: {
    readonly status?: LenderStatus;
    /** The page itself can't work. */
    readonly failure?: { readonly code: string; readonly message: string };
    selfTest(order: SelfTestOrder): Promise<SelfTestResult>;
  };
}

function tabUrl({ page, relay, model, backend, slots = 4, profile }: TabOptions): string {
  const url = new URL(page);
  const parameters = { model, backend, slots: String(slots), profile, software: 'allow', autostart: '1' };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  if (relay) url.searchParams.set('relay', relay);
  return url.href;
}
