import { afterAll, beforeAll, expect, it } from 'vitest';
import { newAccount, TestChain } from '../../../../scripts/network/test-chain.ts';
import { openCall, settleManyCall, topUpCall } from '../../../../src/chain/channel.ts';
import type { ChainClient } from '../../../../src/chain/chain-client.ts';
import { approveCall, transferCall } from '../../../../src/chain/dollar.ts';
import type { Hex } from '../../../../src/core/bytes.ts';
import { channelIdOf, NO_SIGNER } from '../../../../src/protocol/money/voucher.ts';
import { createEvmChannels } from '../../../../src/relay/node/money/evm-channels.ts';
import type { ChainPort } from '../../../../src/relay/payments/chain-port.ts';
import { SimClock } from '../../../../src/sim/sim-clock.ts';

let chain: TestChain;
let port: ChainPort;
let agent: ChainClient;

beforeAll(async () => {
  chain = await TestChain.start();
  const { escrow, token } = chain.deployment;
  port = createEvmChannels(chain.relay, { escrow, token, relay: chain.relay.account as Hex }, new SimClock());
  const { address, key } = newAccount();
  await chain.fund(address, 10_000n, 10n ** 18n);
  agent = chain.connect(key);
}, 60_000);
afterAll(async () => {
  await chain.close();
});

it('K14 tells what somebody’s transaction deposited, that it did nothing of the kind, or why it failed', async () => {
  const { chainId, escrow, token } = chain.deployment;
  const salt = newAccount().key;
  const payee = chain.relay.account as Hex;
  const parts = { payer: agent.account as Hex, payee, token, salt, authorizedSigner: NO_SIGNER };
  const channel = channelIdOf(parts, { chainId, contract: escrow });
  const approved = await agent.send(approveCall(token, escrow, 500n));
  const opened = await agent.send(openCall(escrow, parts, 300n));
  const raised = await agent.send(topUpCall(escrow, channel, 200n));
  const depositsOf = async (hash: Hex) => (await port.depositsOf(hash))?.deposits;
  expect(await depositsOf(approved.hash)).toEqual([]);
  expect(await depositsOf(opened.hash)).toEqual([{ channel, isOpening: true, amount: 300n }]);
  expect(await depositsOf(raised.hash)).toEqual([{ channel, isOpening: false, amount: 200n }]);
  expect(await depositsOf(`0x${'ab'.repeat(32)}`)).toBeUndefined();

  // What is sent without being simulated can fail.
  const { to, data } = transferCall(token, payee, 10n ** 12n);
  await chain.ask('anvil_impersonateAccount', [agent.account]);
  const failing = { from: agent.account, to, input: data, gas: '0x186a0' };
  const hash = (await chain.ask('eth_sendTransaction', [failing])) as Hex;
  await expect(port.depositsOf(hash)).rejects.toMatchObject({
    code: 'transaction_reverted',
    data: { reason: 'ERC20InsufficientBalance', hash },
  });
});

it('K13 names no channel for what anybody can have said of it', async () => {
  const { escrow, token } = chain.deployment;
  const signature = `0x${'11'.repeat(64)}1b` as const;
  const rows = Array.from({ length: 100 }, () => ({
    channelId: newAccount().key,
    cumulativeAmount: 1n,
    signature,
  }));
  const first = Number(await chain.relay.newestBlock()) + 1;
  for (let sent = 0; sent < 20; sent++) await agent.send(settleManyCall(escrow, token, rows));
  const last = Number(await chain.relay.newestBlock());
  expect(last - first).toBe(19);
  const skipped = (await chain.ask('eth_getLogs', [{ address: escrow, fromBlock: hex(first) }])) as unknown[];
  expect(skipped).toHaveLength(2_000);
  expect(await port.changes(first, last)).toEqual([]);
});

it('K14 an account without gas is nothing final: the same again is taken once it has some', async () => {
  const { escrow, token } = chain.deployment;
  const { address, key } = newAccount();
  const poor = chain.connect(key);
  const own = createEvmChannels(poor, { escrow, token, relay: address }, new SimClock());
  await expect(own.mint(address, 1n)).rejects.toMatchObject({
    code: 'chain_slow',
    cause: { code: 'chain_refused' },
  });
  await chain.fund(address, 0n, 10n ** 18n);
  expect((await own.mint(address, 1n)).block).toBeGreaterThan(0);
});

function hex(number: number): Hex {
  return `0x${number.toString(16)}`;
}
