import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser } from '../../scripts/chromium.ts';
import { streamChat } from '../../scripts/network/chat-stream.ts';
import { LocalNetwork } from '../../scripts/network/local-network.ts';
import { createPayingAgent } from '../../scripts/network/paying-agent.ts';
import { readDollars } from '../../src/chain/dollar.ts';
import { readPaid } from '../../src/chain/hub.ts';
import type { Hex } from '../../src/core/bytes.ts';
import type { LenderStatus } from '../../src/provider/compute/lender-status.ts';
import type { Client } from '../../src/sdk/index.ts';

const MODEL = 'shakespeare-1m-fp32';
/** $1 a million tokens out: a token is a millionth of a dollar, and the coin's smallest part. */
const OUT = 1_000_000n;
const PROMPT = 200_000n;

/** An owner's page at a relay that pays, on a chain of its own. */
let network: LocalNetwork;
let browser: Browser;
let agent: Client;
let page: Page;
/** The providers' share of all jobs so far, in pico. */
let shares = 0n;

beforeAll(async () => {
  network = await LocalNetwork.start({ model: MODEL, backend: 'wasm', paid: true });
  browser = await launchBrowser();
  agent = await createPayingAgent(network);
  page = await visit('owner');
});
afterAll(async () => {
  await browser.close();
  await network.close();
});

/** Opens the page as another owner and waits until it takes jobs. */
async function visit(profile: string): Promise<Page> {
  const opened = await (await browser.newContext()).newPage();
  const query = { model: MODEL, backend: 'wasm', software: 'allow', autostart: '1', demo: '1', profile };
  await opened.goto(`${network.server.url}/?${new URLSearchParams(query)}`);
  await opened.getByText('Online, but not earning').waitFor();
  return opened;
}

const status = (of: Page): Promise<LenderStatus> =>
  of.evaluate(() => (globalThis as unknown as { afterglow: { status: LenderStatus } }).afterglow.status);

async function ask(maxTokens: number): Promise<{ tokens: number; cost: bigint }> {
  const order = { model: MODEL, prompt: 'Speak.', maxTokens, temperature: 1, seed: 7, fetch: agent.fetch };
  const { ids } = await streamChat(network.api, order);
  await agent.idle();
  const receipt = agent.receipts.at(-1)!.receipt;
  const { promptTokens, outputTokens } = receipt;
  return { tokens: ids.length, cost: PROMPT * BigInt(promptTokens) + OUT * BigInt(outputTokens) };
}

describe('the owner’s money', () => {
  it('M4, M9, M11 grows by chunk, vests, is paid on the chain and shown to the last digit', async () => {
    const asked = ask(200);
    const earnings = page.getByRole('region', { name: 'Earned with this relay' });
    await earnings.getByText(/Vests when its batch closes/).waitFor();
    const { tokens, cost } = await asked;
    expect(tokens).toBe(200);
    const share = (cost * 9_500n) / 10_000n;
    shares += share;
    const paid = share / OUT;
    await earnings
      .getByText(`$0.${String(paid).padStart(6, '0')}`)
      .first()
      .waitFor();
    await expect
      .poll(async () => (await status(page)).income?.paid, { timeout: 20_000 })
      .toBe(String(paid * OUT));
    const { account, income } = await status(page);
    const { relay, deployment } = network.chain!;
    expect(await readPaid(relay, deployment.hub, account as Hex)).toBe(paid);
    expect(await readDollars(relay, deployment.token, account as Hex)).toBe(paid);
    expect(income).toMatchObject({ accrued: '0', vested: String(share - paid * OUT) });
    expect(income?.voucher?.worth).toBe(String(paid * OUT));
    await page.getByText(/^Payouts/).click();
    await earnings.locator('.payment').first().waitFor();
  });

  it('M12 is there again after a reload, before the tab lends', async () => {
    await page.goto(page.url().replace('autostart=1', 'autostart=0'));
    await page.getByText(/This wallet was paid \$0\.000\d\d\d\./).waitFor();
    await page.getByRole('button', { name: 'Start lending' }).click();
    await page.getByText('Online, but not earning').waitFor();
  });

  it('L3 a killed tab’s stream goes on in another, and each is paid for its own', async () => {
    const other = await visit('other');
    const before = (await status(other)).income;
    const asked = ask(600);
    const serving = await Promise.race(
      [page, other].map(async (tab) => {
        await tab.waitForFunction(
          () =>
            ((globalThis as unknown as { afterglow: { status: LenderStatus } }).afterglow.status.streams[0]
              ?.tokens ?? 0) > 64,
        );
        return tab;
      }),
    );
    const rest = serving === page ? other : page;
    await serving.getByRole('button', { name: 'Kill this tab' }).click();
    const { tokens, cost } = await asked;
    expect(tokens).toBe(600);
    const [receipt] = agent.receipts.slice(-1);
    expect(receipt?.problems).toEqual([]);
    expect(receipt?.receipt.attempts.length).toBeGreaterThan(1);
    await serving.getByRole('button', { name: 'Start lending' }).click();
    await serving.getByText('Online, but not earning').waitFor();
    const all = async (tab: Page): Promise<bigint> => {
      const { accrued = '0', vested = '0', paid = '0' } = (await status(tab)).income ?? {};
      return BigInt(accrued) + BigInt(vested) + BigInt(paid);
    };
    expect(before?.paid).toBe('0');
    shares += (cost * 9_500n) / 10_000n;
    const both = async (): Promise<bigint> => (await all(page)) + (await all(other));
    await expect.poll(both, { timeout: 20_000 }).toBe(shares);
    expect(await all(rest)).toBeGreaterThan(0n);
    await other.context().close();
  });
});
