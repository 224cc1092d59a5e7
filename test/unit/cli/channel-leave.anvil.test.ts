import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { newAccount, TestChain } from '../../../scripts/network/test-chain.ts';
import { readDollars } from '../../../src/chain/dollar.ts';
import { readChannel } from '../../../src/chain/channel.ts';
import { createProgram } from '../../../src/cli/afterglow.ts';
import { agentOf, type ChainAgent } from '../chain/chain-agent.ts';
import { LaggingNode } from '../chain/lagging-node.ts';

const DEPOSIT = 1_000_000n;
const payer = newAccount();
let chain: TestChain;
let agent: ChainAgent;
let folder: string;
let printed: string[];

/** A channel on the chain, and of its relay nothing but what a client kept. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'afterglow-leave-'));
  chain = await TestChain.start();
  await chain.fund(payer.address, DEPOSIT);
  agent = await agentOf(chain, payer, DEPOSIT);
  await agent.open();
  const { chainId, escrow, token } = chain.deployment;
  const state = {
    version: 1,
    relay: 'http://127.0.0.1:1',
    chainId,
    escrow,
    token,
    payee: chain.relay.account,
    payer: payer.address,
    salt: `0x${'5a'.repeat(32)}`,
    channelId: agent.id,
    phase: 'open',
    deposit: String(DEPOSIT),
    validBefore: 0,
    signed: '0',
    signature: `0x${'00'.repeat(65)}`,
    settled: '0',
    unclear: [],
  };
  await writeFile(join(folder, 'channel.json'), JSON.stringify(state));
});
beforeEach(() => {
  printed = [];
  vi.spyOn(console, 'log').mockImplementation((line: string) => void printed.push(line));
});
afterAll(async () => {
  vi.restoreAllMocks();
  await chain.close();
  await rm(folder, { recursive: true });
});

async function keyFile({ key, address }: { key: string; address: string }): Promise<string> {
  const file = join(folder, `${address}.key`);
  await writeFile(file, key, { mode: 0o600 });
  return file;
}

async function leave(wallet: typeof payer, ...flags: string[]): Promise<unknown> {
  const place = ['--state', join(folder, 'channel.json'), '--rpc-url', chain.anvil.rpcUrl];
  const all = ['channel', 'leave', '--key-file', await keyFile(wallet), ...place, ...flags];
  return createProgram().parseAsync(['node', 'afterglow', ...all]);
}

it('K7 afterglow channel leave: with the payer’s wallet and another’s gas the deposit comes back, without the relay', async () => {
  const stranger = newAccount();
  await chain.fund(stranger.address, 0n, 10n ** 18n);
  const gas = ['--gas-key-file', await keyFile(stranger)];
  const { escrow, chainId, token } = chain.deployment;

  // Not its channel: nothing is signed that anybody could pay gas for.
  for (const flags of [[], gas])
    await expect(leave(stranger, ...flags)).rejects.toMatchObject({
      code: 'wallet_refused',
      data: { payer: payer.address, wallet: stranger.address },
    });
  expect(printed).toEqual([]);

  await leave(payer);
  expect(printed.join('\n')).toMatch(new RegExp(`chain ${chainId}\\n  to    ${escrow}\\n  data  0x`));
  expect(await readChannel(chain.relay, escrow, agent.id)).toMatchObject({ closeRequestedAt: null });
  // The second word of what is sent: until when the signed request is good.
  const deadline = Number(
    `0x${printed
      .join('')
      ?.split('data  0x')[1]
      ?.slice(8 + 64, 8 + 128)}`,
  );
  expect(deadline - (await chain.time())).toBe(24 * 3_600);
  expect(printed.at(-1)).toBe(
    `It does nothing from ${new Date(deadline * 1_000).toISOString()} on: run this again for a new one.`,
  );

  // Gas is looked for before anything is sent.
  const poor = newAccount();
  await expect(leave(payer, '--gas-key-file', await keyFile(poor))).rejects.toMatchObject({
    code: 'gas_missing',
    data: { account: poor.address, balance: '0' },
  });
  printed = [];
  await leave(payer, ...gas, '--json');
  expect(JSON.parse(printed.at(-1) ?? '')).toMatchObject({ step: 'waiting' });
  await leave(payer, ...gas);
  expect(printed.at(-1)).toContain('run this again then');
  await chain.pass(61);
  // Whom the wallet has no gas from: the second step lapses never.
  await leave(payer);
  expect(printed.at(-1)).toContain('data  0x');
  // The transaction's own word counts, where the next answer comes from a node that lags.
  await using late = await LaggingNode.start(chain.anvil.rpcUrl);
  late.isStale = true;
  await leave(payer, ...gas, '--rpc-url', late.rpcUrl);
  expect(printed.at(-1)).toBe('Left: 0 Test Dollar went to the relay, 1 came back.');
  expect(await readDollars(chain.relay, token, payer.address)).toBe(DEPOSIT);
});

it('names what is wrong with a file or an escrow that is none', async () => {
  await expect(leave(payer, '--state', folder)).rejects.toMatchObject({
    code: 'channel_unreadable',
    message: expect.stringContaining(`(EISDIR): ${folder}`) as string,
  });
  const file = join(folder, 'elsewhere.json');
  const nowhere = newAccount().address;
  const state = await readFile(join(folder, 'channel.json'), 'utf8');
  await writeFile(file, JSON.stringify({ ...(JSON.parse(state) as object), escrow: nowhere }));
  await expect(leave(payer, '--state', file)).rejects.toMatchObject({
    code: 'contract_missing',
    message: `There is no escrow at ${nowhere} on chain ${chain.deployment.chainId}.`,
  });
});
