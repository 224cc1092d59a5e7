import { expect, it } from 'vitest';
import { newAccount } from '../../../scripts/network/test-chain.ts';
import { withdrawForCall } from '../../../src/chain/channel.ts';
import { mintCall } from '../../../src/chain/dollar.ts';
import { readPaid, redeemCall } from '../../../src/chain/hub.ts';
import type { Hex } from '../../../src/core/bytes.ts';
import { jobShare, shareOf as partOf } from '../../../src/protocol/money/price.ts';
import type { JobReceipt } from '../../../src/protocol/money/receipt.ts';
import type { StoredVoucher } from '../../../src/provider/income/payout-store.ts';
import { keyWallet, leaveChannel, type Leaving } from '../../../src/sdk/index.ts';
import { PaidScene } from './paid-scene.ts';

/** Pico in a base unit of the test dollar, and what 32 tokens and the prompt cost. */
const UNIT = 1_000_000n;
const CHUNK = 32n * UNIT;
const STREAMS = 4;

it('M13 a relay that owes more than it has: the tab stops lending at its limit, and loses no more than the page says', async () => {
  const creditLimit = 300n * UNIT;
  await using scene = await PaidScene.open({ creditLimit });
  // Vouchers are signed and no payout is ever sent: the hub stays empty.
  scene.gate.refusesTransactions = true;
  const agent = await scene.agentWithChannel();
  const answers: number[] = [];
  let promptFee = 0n;
  for (let i = 0; i < 12; i++) {
    const { status, body } = await scene.ask(agent.client, 90);
    answers.push(status);
    if (status === 200) promptFee = BigInt(body.usage.prompt_tokens) * 200_000n;
    else break;
  }
  expect(answers).toContain(200);
  expect(answers.at(-1)).not.toBe(200);
  const { state, income } = scene.provider.status();
  expect(state).toMatchObject({ name: 'held', reason: { code: 'credit_limit' } });
  const owed = BigInt(income?.accrued ?? 0) + BigInt(income?.vested ?? 0);
  expect(owed).toBeGreaterThan(0n);
  // The table of worst cases: the limit, and for the one stream that ran a chunk and the prompt fee.
  expect(owed).toBeLessThanOrEqual(creditLimit + CHUNK + promptFee);

  // What the relay signed is more than the hub has: redeemed, it pays nothing and takes nothing away.
  await scene.until(async () => (await stored(scene)) !== undefined, 'a voucher in the tab', 20);
  const voucher = (await stored(scene)) as StoredVoucher;
  const { hub } = scene.chain.deployment;
  expect(BigInt(voucher.cumulative)).toBeGreaterThan(await scene.dollars(hub));
  await scene.chain.relay.send(redeemCall(hub, [payoutOf(voucher)]));
  expect(await readPaid(scene.relayChain, hub, scene.account)).toBe(0n);
  expect(await scene.dollars(scene.account)).toBe(0n);
});

it('M13 a relay that owes more than it has, while several streams run: beyond the limit there is a chunk of each, and its part of the prompt fee', async () => {
  const creditLimit = 400n * UNIT;
  await using scene = await PaidScene.open({ creditLimit });
  scene.gate.refusesTransactions = true;
  const agent = await scene.agentWithChannel();
  const jobs = await Promise.all(Array.from({ length: STREAMS }, () => scene.stream(agent.client, 600)));
  const { state, income } = scene.provider.status();
  expect(state).toMatchObject({ name: 'held', reason: { code: 'credit_limit' } });
  await agent.client.idle();

  const receipts = await Promise.all(jobs.map((job) => scene.receipt(job)));
  const earned = receipts.map((receipt) => earnedOf(receipt, scene.account));
  // All of them ran when the limit was reached, and none has ended by itself.
  expect(receipts.map(({ finish }) => finish)).toEqual(jobs.map(() => null));
  expect(earned.every(({ before }) => before > 0n)).toBe(true);
  // What the relay owes is what the streams earned, to the pico.
  const all = earned.reduce((sum, { whole }) => sum + whole, 0n);
  await scene.until(() => owedTo(scene) === all, 'the figures of the relay');
  // Up to the limit all were free to run. Beyond it is what each had begun: a chunk, and an eighth of its prompt fee.
  const [{ promptTokens }] = receipts as [JobReceipt];
  const promptFee = BigInt(promptTokens) * 200_000n;
  expect(earned.reduce((sum, { before }) => sum + before, 0n)).toBeLessThanOrEqual(creditLimit);
  expect(all).toBeGreaterThan(creditLimit);
  for (const { whole, before } of earned)
    expect(whole - before).toBeLessThanOrEqual(shareOf(CHUNK + promptFee / 8n + 1n));
  // The page's table, which is wider: the prompt fee and a chunk of each.
  expect(all).toBeLessThanOrEqual(creditLimit + BigInt(STREAMS) * shareOf(CHUNK + promptFee));
  expect(income?.limit).toBe(String(creditLimit));
});

it('K7 K9 a relay that vanishes: the tab is paid from what it stored, and an agent without gas leaves with its deposit', async () => {
  await using scene = await PaidScene.open();
  const { escrow: contract, hub, token } = scene.chain.deployment;
  const agent = await scene.agentWithChannel();
  // From here on nothing of the relay's reaches the chain.
  scene.gate.refusesTransactions = true;
  const answer = await scene.ask(agent.client, 320);
  expect(answer.status).toBe(200);
  await agent.client.idle();
  await scene.until(async () => (await stored(scene)) !== undefined, 'a voucher in the tab', 20);
  const voucher = (await stored(scene)) as StoredVoucher;
  await scene.vanish();

  // A hub that its operator had filled; anybody submits what the tab holds.
  const stranger = newAccount();
  await scene.chain.fund(stranger.address, 0n, 10n ** 18n);
  const chain = scene.chain.connect(stranger.key);
  await chain.send(mintCall(token, hub, 1_000_000n));
  await chain.send(redeemCall(hub, [payoutOf(voucher)]));
  expect(await scene.dollars(scene.account)).toBe(BigInt(voucher.cumulative));
  expect(BigInt(voucher.cumulative)).toBeGreaterThan(0n);

  // The agent signs; the stranger pays the gas of asking and of taking out.
  const { deposit, settled } = await scene.channelState(agent.channel);
  expect(settled).toBe(0n);
  const leave = (gasKey?: Hex): Promise<Leaving> =>
    leaveChannel({
      state: agent.client.exportState() as string,
      wallet: keyWallet(agent.key),
      rpcUrl: scene.chain.anvil.rpcUrl,
      ...(gasKey === undefined ? {} : { gasKey }),
    });
  expect(await leave()).toMatchObject({ step: 'unsent', call: { to: contract } });
  expect(await leave(stranger.key)).toMatchObject({ step: 'waiting' });
  // Not a second before its time.
  expect(await leave(stranger.key)).toMatchObject({ step: 'waiting' });
  await expect(chain.send(withdrawForCall(contract, agent.channel))).rejects.toMatchObject({
    data: { reason: 'CloseNotReady' },
  });
  await scene.chain.pass(61);
  expect(await leave(stranger.key)).toEqual({
    step: 'left',
    settled: 0n,
    refunded: deposit,
    decimals: 6,
    coin: 'Test Dollar',
  });
  expect(await scene.dollars(agent.address)).toBe(1_000_000n);
  expect(await scene.channelState(agent.channel)).toMatchObject({ deposit, finalized: true });
});

/** The provider's part, at the relay's fee of 5%. */
function shareOf(amount: bigint): bigint {
  return partOf(amount, 500);
}

/** What a tab earned of a job, and what of that it had signed for before its last chunk. */
function earnedOf({ attempts, promptTokens }: JobReceipt, account: Hex): { before: bigint; whole: bigint } {
  const [attempt, ...others] = attempts.filter(({ count }) => count > 0);
  expect([attempt?.provider, others]).toEqual([account, []]);
  const { chunks, count } = attempt as JobReceipt['attempts'][number];
  const terms = { out: UNIT, prompt: 200_000n, promptTokens, feeBps: 500 };
  return {
    before: BigInt(chunks.at(-2)?.total ?? 0),
    whole: jobShare(terms, { chunks: chunks.length, tokens: count, finished: false }),
  };
}

/** By the tab's own figures, what the relay has told it of included. */
function owedTo(scene: PaidScene): bigint {
  const { income } = scene.provider.status();
  return BigInt(income?.accrued ?? 0) + BigInt(income?.vested ?? 0);
}

function stored(scene: PaidScene): Promise<StoredVoucher | undefined> {
  const { hub, chainId } = scene.chain.deployment;
  return scene.payouts.voucher({ hub, chainId, payee: scene.account });
}

function payoutOf({ payee, cumulative, signature }: StoredVoucher) {
  return { payee, cumulativeAmount: BigInt(cumulative), signature };
}
