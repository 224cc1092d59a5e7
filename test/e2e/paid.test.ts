import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKeyFile } from '../../src/cli/key-file.ts';
import { type ChatResult, streamChat } from '../../scripts/network/chat-stream.ts';
import { LocalNetwork } from '../../scripts/network/local-network.ts';
import { createPayingAgent } from '../../scripts/network/paying-agent.ts';
import type { PaymentEvent } from '../../src/relay/payments/payment-events.ts';
import { askFaucet, type Client, type ChannelClosed } from '../../src/sdk/index.ts';

const MODEL = 'shakespeare-1m-fp32';
const TOKENS = 200;
/** The demo's prices in pico a token, the fee in hundredths of a percent, pico in a base unit. */
const OUT = 1_000_000n;
const PROMPT = 200_000n;
const FEE_BPS = 500n;
const UNIT = 1_000_000n;

const run = promisify(execFile);

/** What a process that knows only the chain says. */
async function balances({ chain }: LocalNetwork, ...accounts: string[]): Promise<Record<string, string>> {
  const reader = join(import.meta.dirname, '../../scripts/demo/read-balances.ts');
  const { stdout } = await run(process.execPath, [
    reader,
    chain!.anvil.rpcUrl,
    chain!.deployment.token,
    ...accounts,
  ]);
  return JSON.parse(stdout) as Record<string, string>;
}

describe('200 paid tokens from a tab on wasm, on a real chain', () => {
  let network: LocalNetwork;
  let agent: Client;
  let result: ChatResult;
  let closed: ChannelClosed | undefined;
  let total: bigint;
  let share: bigint;
  const events: PaymentEvent[] = [];

  beforeAll(async () => {
    network = await LocalNetwork.start({ model: MODEL, backend: 'wasm', slots: 2, paid: true });
    network.server.relay.onPayment((event) => events.push(event));
    await network.addTab();
    agent = await createPayingAgent(network);
    const order = {
      model: MODEL,
      prompt: 'What news from Rome?',
      maxTokens: TOKENS,
      seed: 7,
      fetch: agent.fetch,
    };
    result = await streamChat(network.api, order);
    await agent.idle();
    total = BigInt(result.promptIds.length) * PROMPT + BigInt(TOKENS) * OUT;
    share = (total * (10_000n - FEE_BPS)) / 10_000n;
    closed = await agent.close();
  }, 120_000);
  afterAll(() => network.close());

  it('M3, M4: the ledger charges price x tokens, and divides it to the pico', () => {
    expect(result.ids).toHaveLength(TOKENS);
    const accrued = events.filter((event) => event.type === 'accrued');
    const sum = (key: 'charged' | 'accrued' | 'fee') => accrued.reduce((all, event) => all + event[key], 0n);
    expect(sum('charged')).toBe(total);
    expect(sum('accrued')).toBe(share);
    expect(sum('fee')).toBe(total - share);
    expect(agent.receipts.at(-1)).toMatchObject({ problems: [], cost: total, charged: total });
  });

  it('M9: the agent pays on the chain, rounded up to the base unit, and gets the rest back', async () => {
    const due = (total + UNIT - 1n) / UNIT;
    expect(closed?.settled).toBe(due);
    expect((await balances(network, agent.address))[agent.address]).toBe(String(1_000_000n - due));
  });

  it('M7: the tab is paid on the chain within seconds, rounded down to the base unit', async () => {
    const { account } = network.tabs[0]!;
    await expect
      .poll(async () => (await balances(network, account))[account], { timeout: 20_000, interval: 500 })
      .toBe(String(share / UNIT));
    const { income } = (await network.tabs[0]!.tab.status()) as { income?: unknown };
    expect(income).toBeDefined();
  }, 30_000);

  it('the sample of the README buys tokens, keeps its channel and closes it', async () => {
    const root = join(import.meta.dirname, '../..');
    const readme = await readFile(join(root, 'README.md'), 'utf8');
    const [, sample = ''] = /\*\*In a program\.\*\*.*?```ts\n(.*?)```/s.exec(readme) ?? [];
    const program = join(root, '.cache', 'readme', 'agent.ts');
    await mkdir(join(program, '..'), { recursive: true });
    await writeFile(
      program,
      sample.replace('http://127.0.0.1:8787', network.server.url).replace('./src/', '../../src/'),
    );
    const folder = await mkdtemp(join(tmpdir(), 'afterglow-readme-'));
    try {
      const { address } = await createKeyFile(join(folder, 'agent.key'));
      await askFaucet(network.server.url, address);
      const { stdout } = await run(process.execPath, [program], { cwd: folder });
      expect(stdout.length).toBeGreaterThan(20);
      const kept = JSON.parse(await readFile(join(folder, 'agent.channel.json'), 'utf8')) as object;
      expect(kept).toMatchObject({ payer: address, phase: 'closed', deposit: '500000' });
    } finally {
      await rm(folder, { recursive: true });
    }
  }, 30_000);
});
