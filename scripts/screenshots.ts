/**
 * Renews `docs/screenshots` from the built page (`npm run build` first): real relays, real tabs, real tokens, and for
 * `earning` a chain, too. `npm run screenshots [-- states|lending|earning …]`: all of them if none is named.
 */
import type { Browser, Page, Route } from 'playwright-core';
import { launchBrowser } from './chromium.ts';
import { readCommandLine } from './command-line.ts';
import { streamChat, type ChatOrder } from './network/chat-stream.ts';
import { LocalNetwork } from './network/local-network.ts';
import { createPayingAgent } from './network/paying-agent.ts';

const FOLDER = 'docs/screenshots';
const MODEL = 'shakespeare-4m-fp32';
const SIZES = [
  { name: '', width: 1280, height: 900 },
  { name: '-phone', width: 390, height: 844 },
] as const;
const LENDING_MS = 45_000;
const PROMPTS = ['What news from Rome?', 'Speak of love.', 'Who goes there?'];

/** What can be photographed, by name. */
const scenes: Readonly<Record<string, (browser: Browser) => Promise<void>>> = {
  states: async (browser) => {
    await using network = await LocalNetwork.start({ model: MODEL, backend: 'wasm' });
    await shoot(await open(browser, network), 'idle');
    await shoot(await open(browser, network, hold), 'loading', 'Downloading');
    await shoot(await open(browser, network, damage), 'error', 'is not the file');
    for (const scheme of ['dark', 'light'] as const) {
      const models = await openModels(browser, network, scheme);
      await shoot(models, scheme === 'dark' ? 'models' : 'models-light', 'paused');
    }
  },
  lending: async (browser) => {
    await using network = await LocalNetwork.start({ model: MODEL, backend: 'wasm' });
    const page = await open(browser, network);
    await page.getByRole('button', { name: 'Measure it' }).click();
    await page.getByText('GB/s').waitFor();
    await shootPart(page, 'Your GPU', 'gpu');
    const { asked } = await lend(page, network);
    await shoot(page, 'serving', 'Serving');
    await page.emulateMedia({ colorScheme: 'light' });
    await shoot(page, 'serving-light', 'Serving');
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.getByRole('button', { name: 'Settings' }).click();
    await shoot(page, 'settings', 'Share of the GPU');
    await page.keyboard.press('Escape');
    await asked;
    await page.getByRole('button', { name: 'Give me my GPU back' }).click();
    await shoot(page, 'handed-back', 'The GPU is all yours');
  },
  earning: async (browser) => {
    await using network = await LocalNetwork.start({ model: MODEL, backend: 'wasm', paid: true });
    const agent = await createPayingAgent(network);
    const page = await open(browser, network);
    const { asked } = await lend(page, network, { fetch: agent.fetch });
    await page.getByText(/^Payouts/).waitFor();
    await shoot(page, 'earning', 'Serving');
    await asked;
    await agent.close();
  },
};

const { positionals } = readCommandLine({ allowPositionals: true });
const unknown = positionals.filter((name) => !(name in scenes));
if (unknown.length > 0) {
  console.error(`There is no scene "${unknown[0]}": there are ${Object.keys(scenes).join(', ')}.`);
  process.exit(2);
}
const browser = await launchBrowser();
try {
  for (const [name, photograph] of Object.entries(scenes)) {
    if (positionals.length > 0 && !positionals.includes(name)) continue;
    console.log(`${name} …`);
    await photograph(browser);
  }
} finally {
  await browser.close();
}

/** Lends from this page to three who ask on and on, until the chart is full of it. `asked` ends with the last answer. */
async function lend(
  page: Page,
  network: LocalNetwork,
  order: Partial<ChatOrder> = {},
): Promise<{ asked: Promise<unknown> }> {
  await page.getByRole('button', { name: 'Start lending' }).click();
  await page.getByText('Online, but not earning').waitFor();
  const end = Date.now() + LENDING_MS;
  const asking = PROMPTS.map(async (prompt) => {
    while (Date.now() < end)
      await streamChat(network.api, { model: MODEL, prompt, maxTokens: 600, temperature: 0.9, ...order });
  });
  await page.waitForTimeout(LENDING_MS - 14_000);
  return { asked: Promise.all(asking) };
}

/** A fresh visitor in dark colours. `model` answers the request for the model's graph. */
async function open(
  by: Browser,
  network: LocalNetwork,
  model?: (route: Route) => Promise<void>,
): Promise<Page> {
  const context = await by.newContext({ colorScheme: 'dark', reducedMotion: 'reduce' });
  if (model) await context.route('**/*.onnx', model);
  const page = await context.newPage();
  await page.goto(
    `${network.server.url}/?model=${MODEL}&backend=wasm&software=allow${model ? '&autostart=1' : ''}`,
  );
  await page.getByRole('button', { name: model ? /Cancel|Start/ : 'Start lending' }).waitFor();
  return page;
}

/** The models of somebody who has two of them, and half of a third. */
async function openModels(by: Browser, network: LocalNetwork, colorScheme: 'dark' | 'light'): Promise<Page> {
  const context = await by.newContext({ colorScheme, reducedMotion: 'reduce' });
  await context.route('**/shakespeare-4m/model.onnx', async (route) => {
    const response = await route.fetch();
    const body = (await response.body()).subarray(0, 7_000_000);
    const headers = { ...response.headers(), 'content-length': '16019432' };
    await route.fulfill({ response, body, headers });
  });
  const page = await context.newPage();
  await page.goto(`${network.server.url}/?model=${MODEL}&backend=wasm&software=allow#models`);
  const act = (name: string) => page.getByRole('button', { name }).click();
  const kept = page.getByText('On this computer');
  await act('Download Shakespeare 1M fp32');
  await kept.waitFor();
  await act('Download Shakespeare 4M q4');
  await kept.nth(1).waitFor();
  await act('Download Shakespeare 4M fp32');
  await page.getByText(/^7\.0 MB of 16 MB/).waitFor();
  await act('Pause Shakespeare 4M fp32');
  return page;
}

async function shoot(page: Page, name: string, text?: string): Promise<void> {
  for (const { name: suffix, width, height } of SIZES) {
    await page.setViewportSize({ width, height });
    if (text) await page.getByText(text).first().waitFor();
    await page.evaluate(() => scrollTo(0, 0));
    await page.waitForTimeout(1_500);
    await page.screenshot({ path: `${FOLDER}/${name}${suffix}.png` });
  }
}

async function shootPart(page: Page, region: string, name: string): Promise<void> {
  await page.getByRole('region', { name: region, exact: true }).screenshot({ path: `${FOLDER}/${name}.png` });
}

/** The download never ends. */
async function hold(): Promise<void> {}

async function damage(route: Route): Promise<void> {
  const response = await route.fetch();
  const body = await response.body();
  body.fill(0, 1_000, 1_001);
  await route.fulfill({ response, body });
}
