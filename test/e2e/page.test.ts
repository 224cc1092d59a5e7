import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser } from '../../scripts/chromium.ts';
import { streamChat } from '../../scripts/network/chat-stream.ts';
import { LocalNetwork } from '../../scripts/network/local-network.ts';
import { addressOf } from '../../src/protocol/money/signature.ts';
import type { LenderStatus } from '../../src/provider/compute/lender-status.ts';

const MODEL = 'shakespeare-1m-fp32';

/** The page with its real workers, served by a real relay: what a visitor does, by hand. */
let network: LocalNetwork;
let browser: Browser;
let context: BrowserContext;
const complaints: string[] = [];

beforeAll(async () => {
  network = await LocalNetwork.start({ model: MODEL, backend: 'wasm' });
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser.close();
  await network.close();
});
afterEach(async () => {
  await context.close();
  complaints.length = 0;
});

async function visit(parameters: Record<string, string> = {}, again = false): Promise<Page> {
  if (!again) context = await browser.newContext();
  const page = await context.newPage();
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  const query = new URLSearchParams({ model: MODEL, backend: 'wasm', software: 'allow', ...parameters });
  await page.goto(`${network.server.url}/?${query}`);
  return page;
}

const status = (page: Page): Promise<LenderStatus> =>
  page.evaluate(() => (globalThis as unknown as { afterglow: { status: LenderStatus } }).afterglow.status);

const button = (page: Page, name: string) => page.getByRole('button', { name });

async function ask(maxTokens: number): Promise<number> {
  const { ids } = await streamChat(network.api, {
    model: MODEL,
    prompt: 'Speak.',
    maxTokens,
    temperature: 1,
    // A model ends by itself now and then: with this seed it does not.
    seed: 7,
  });
  return ids.length;
}

describe('the page in a browser', () => {
  it('lends from a press of the button, serves a job, shows its receipt, and stops', async () => {
    const page = await visit();
    await button(page, 'Start lending').click();
    await page.getByText('Online, but not earning').waitFor();
    expect(await ask(70)).toBe(70);
    await page.getByText('Verified').waitFor();
    expect(await status(page)).toMatchObject({ jobs: 1, tokens: 70, engine: { backend: 'wasm' } });
    await page.getByRole('button', { name: /70 tokens/ }).click();
    await page.getByText('64–69').waitFor();
    await page.keyboard.press('Escape');
    await button(page, 'Stop lending').click();
    await page.getByText('Your GPU is idle').waitFor();
    await button(page, 'Start lending').click();
    await page.getByText('Online, but not earning').waitFor();
    expect(complaints).toEqual([]);
  });

  it('keeps wallet and receipts over a reload, apart for each profile', async () => {
    const page = await visit({ profile: 'a', autostart: '1' });
    await page.getByText('Online, but not earning').waitFor();
    await ask(40);
    await page.getByText('Verified').waitFor();
    const { account } = await status(page);
    await page.reload();
    await page.getByText('Verified').waitFor();
    const other = await visit({ profile: 'b' }, true);
    await other.getByText('None yet.').waitFor();
    expect((await status(page)).account).toBe(account);
    expect((await status(other)).account).not.toBe(account);
  });

  it('P2 hands back while a job runs when the owner pauses; the stream goes on after resuming', async () => {
    const page = await visit({ autostart: '1', slots: '1' });
    await page.getByText('Online, but not earning').waitFor();
    const answer = ask(900);
    await page.getByText('Serving one stream').waitFor();
    await button(page, 'Pause').click();
    await page.getByRole('heading', { name: 'Paused' }).waitFor();
    await expect.poll(async () => (await status(page)).unfinished).toBe(1);
    await button(page, 'Resume').click();
    expect(await answer).toBe(900);
    await expect.poll(() => status(page)).toMatchObject({ jobs: 1, unfinished: 1 });
    expect(complaints).toEqual([]);
  });

  it('lets one tab of a wallet lend', async () => {
    const first = await visit({ autostart: '1' });
    await first.getByText('Online, but not earning').waitFor();
    const second = await visit({ autostart: '1' }, true);
    await second.getByText('Another tab of this browser is lending.').waitFor();
    expect((await status(second)).state).toMatchObject({
      name: 'error',
      error: { code: 'lending_elsewhere' },
    });
    expect((await status(first)).state.name).toBe('waiting');
  });

  it('names the file of a damaged model, with code and data across the worker', async () => {
    context = await browser.newContext();
    await context.route('**/model.onnx', async (route) => {
      const response = await route.fetch();
      const body = await response.body();
      body[1_000]! ^= 1;
      await route.fulfill({ response, body });
    });
    const page = await visit({ autostart: '1' }, true);
    await page.getByText('model.onnx is not the file').waitFor();
    const { state } = await status(page);
    expect(state).toMatchObject({ error: { code: 'model_corrupt', data: { file: 'model.onnx' } } });
  });

  it('says that the relay is away, and goes on trying', async () => {
    const page = await visit({ autostart: '1', relay: 'ws://127.0.0.1:9/v1/provider' });
    await page.getByText('Not connected, not earning').waitFor();
    expect((await status(page)).state).toMatchObject({
      name: 'connecting',
      last: { code: 'relay_unreachable' },
    });
  });

  it('refuses a model that it does not have', async () => {
    const page = await visit({ autostart: '1', model: 'no-such-model' });
    await page.getByText('This page has no model no-such-model.').waitFor();
  });

  it('restores another wallet', async () => {
    const page = await visit();
    await button(page, 'Wallet').click();
    await page.getByLabel('Private key of a backup').fill(`0x${'05'.repeat(32)}`);
    await button(page, 'Restore').click();
    await page.getByText('Restored.').waitFor();
    await page.getByLabel('Private key of a backup').fill('0x05');
    await button(page, 'Restore').click();
    await page.getByText('A private key must be 64 hexadecimal digits.').waitFor();
    await expect.poll(() => status(page)).toMatchObject({ account: addressOf(new Uint8Array(32).fill(5)) });
  });
});
