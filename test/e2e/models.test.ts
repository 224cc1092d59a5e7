/** The page's models over a real server that is slow and breaks off, with real storage, over reloads and in two tabs. */
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { launchBrowser } from '../../scripts/chromium.ts';
import { LocalNetwork } from '../../scripts/network/local-network.ts';
import { HostileMirror } from './hostile-mirror.ts';

/** Bytes of the 4M model in full precision, without its tokenizer. */
const GRAPH = 16_019_432;

let network: LocalNetwork;
let mirror: HostileMirror;
let browser: Browser;
let context: BrowserContext;

beforeAll(async () => {
  network = await LocalNetwork.start({ model: 'shakespeare-4m-fp32', backend: 'wasm' });
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser.close();
  await network.close();
});
beforeEach(async () => {
  mirror = await HostileMirror.start(network.server.url);
  context = await browser.newContext();
});
afterEach(async () => {
  await context.close();
  mirror.close();
});

async function visit(path: string): Promise<Page> {
  const page = await context.newPage();
  await page.goto(`${mirror.url}/${path}`);
  return page;
}

const row = (page: Page, name: string) => page.getByRole('listitem', { name });
const download = (page: Page) => page.getByRole('button', { name: 'Download Shakespeare 4M fp32' });

describe('models in a browser', () => {
  it('go on after cuts, a pause and a reload in mid-download, without fetching anything twice', async () => {
    mirror.cutAfter = 5_000_000;
    mirror.pieceMs = 8;
    const page = await visit('#models');
    await download(page).click();
    await expect.poll(() => mirror.sent).toBeGreaterThan(3_000_000);
    await page.getByRole('button', { name: 'Pause Shakespeare 4M fp32' }).click();
    await row(page, 'Shakespeare 4M, fp32').getByText('paused').waitFor();
    await page.getByRole('button', { name: 'Resume Shakespeare 4M fp32' }).click();
    await expect.poll(() => mirror.sent).toBeGreaterThan(8_000_000);
    await page.reload();
    await row(page, 'Shakespeare 4M, fp32').getByText('On this computer').waitFor();
    expect(mirror.asked[0]).toBe('all');
    expect(mirror.asked.length).toBeGreaterThan(3);
    expect(mirror.asked.slice(1).every((range) => range.startsWith('bytes='))).toBe(true);
    // What was under way when a connection was dropped is lost; it is far less than the file.
    expect(mirror.sent - GRAPH).toBeLessThan(4_000_000);
  });

  it('are fetched once by two tabs, and lent without another download', async () => {
    // Slow, until the other tab has asked for the same: on a busy machine that takes it a while.
    mirror.pieceMs = 60;
    const [one, two] = [await visit('#models'), await visit('#models')];
    await download(two).waitFor();
    await download(one).click();
    await download(two).click();
    await two.getByText('waiting for another tab').waitFor();
    mirror.pieceMs = 2;
    for (const page of [one, two])
      await row(page, 'Shakespeare 4M, fp32').getByText('On this computer').waitFor();
    expect(mirror.sent).toBe(GRAPH);
    const relay = network.server.url.replace('http', 'ws');
    const lending = await visit(
      `?model=shakespeare-4m-fp32&backend=wasm&software=allow&autostart=1&relay=${relay}/v1/provider`,
    );
    await lending.getByText('Online, but not earning').waitFor();
    expect(mirror.sent).toBe(GRAPH);
  });

  it('keep what came when the disk is full, and go on once their owner has made room', async () => {
    const page = await visit('#models');
    await row(page, 'Shakespeare 1M, fp32').waitFor();
    await page.getByRole('button', { name: 'Download Shakespeare 1M fp32' }).click();
    await row(page, 'Shakespeare 1M, fp32').getByText('On this computer').waitFor();
    const session = await context.newCDPSession(page);
    const origin = mirror.url;
    await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 18_000_000 });
    await download(page).click();
    const alert = page.getByRole('alert');
    await alert.getByText(/no room left: .* are still to come/).waitFor();
    const before = mirror.sent;
    await alert.getByRole('button', { name: 'Delete Shakespeare 1M, fp32' }).click();
    await row(page, 'Shakespeare 1M, fp32').getByText('to download').waitFor();
    await alert.getByRole('button', { name: 'Try again' }).click();
    await row(page, 'Shakespeare 4M, fp32').getByText('On this computer').waitFor();
    expect(mirror.asked.at(-1)).toMatch(/^bytes=/);
    expect(mirror.sent).toBeGreaterThan(before);
  });
});
