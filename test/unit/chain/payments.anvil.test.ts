import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newAccount, TestChain } from '../../../scripts/network/test-chain.ts';
import {
  channelEvents,
  closeCall,
  readChannel,
  readClosesCancelled,
  requestCloseWithAuthorizationCall,
  settleCall,
  settleManyCall,
  withdrawForCall,
} from '../../../src/chain/channel.ts';
import { mintCall, readDollars } from '../../../src/chain/dollar.ts';
import { hubEvents, readAvailable, readPaid, redeemCall, type SignedPayout } from '../../../src/chain/hub.ts';
import { fromHex, type Hex } from '../../../src/core/bytes.ts';
import { hubIdOf, payoutDigester } from '../../../src/protocol/money/payout.ts';
import { signDigest } from '../../../src/protocol/money/signature.ts';
import { closeRequestDigester, NO_SIGNER } from '../../../src/protocol/money/voucher.ts';

import { agentOf, inTenMinutes, openChannel } from './chain-agent.ts';

const DEPOSIT = 5_000_000n;
const GRACE = 600;

let world: TestChain;
/** Signs payouts; owns nothing. */
const signer = newAccount();

beforeAll(async () => {
  world = await TestChain.start({ gracePeriod: GRACE, signer: signer.address });
}, 60_000);
afterAll(() => world.close());

describe('payments on a real chain', () => {
  it('K5 K3 K6 opens a channel for an agent without gas, settles, and closes with a refund', async () => {
    const { escrow, token } = world.deployment;
    const agent = await openChannel(world, DEPOSIT);
    const opened = await readChannel(world.relay, escrow, agent.id, 'confirmed');
    expect(opened).toEqual({
      payer: agent.address,
      payee: world.relay.account,
      token,
      authorizedSigner: NO_SIGNER,
      deposit: DEPOSIT,
      settled: 0n,
      closeRequestedAt: null,
      finalized: false,
    });

    const before = await balance(world.relay.account as Hex);
    const settled = await world.relay.send(settleCall(escrow, agent.voucher(1_200_000n)));
    expect(channelEvents(settled.logs)).toMatchObject([
      { eventName: 'Settled', args: { channelId: agent.id, cumulativeAmount: 1_200_000n } },
    ]);
    expect(await balance(world.relay.account as Hex)).toBe(before + 1_200_000n);

    await world.relay.send(closeCall(escrow, agent.voucher(2_000_000n)));
    expect(await balance(world.relay.account as Hex)).toBe(before + 2_000_000n);
    expect(await balance(agent.address)).toBe(DEPOSIT - 2_000_000n);
    expect(await readChannel(world.relay, escrow, agent.id)).toMatchObject({
      finalized: true,
      settled: 2_000_000n,
    });
  });

  it('K4 settles many channels at once and names the row that it left out', async () => {
    const { escrow, token } = world.deployment;
    const agents = [
      await openChannel(world, DEPOSIT),
      await openChannel(world, DEPOSIT),
      await openChannel(world, DEPOSIT),
    ];
    const vouchers = agents.map((agent, i) => agent.voucher(100n * BigInt(i + 1)));
    const stolen = { ...vouchers[1], channelId: agents[2]?.id } as (typeof vouchers)[number];
    const { logs } = await world.relay.send(settleManyCall(escrow, token, [...vouchers, stolen]));
    expect(channelEvents(logs).map(({ eventName }) => eventName)).toEqual([
      'Settled',
      'Settled',
      'Settled',
      'VoucherSkipped',
    ]);
  });

  it('K10 pays payouts in one batch to tabs that never touched the chain', async () => {
    const { hub, token } = world.deployment;
    await world.fund(hub, 1_000_000n);
    const payouts = [30_000n, 40_000n, 50_000n].map((amount) => payout(newAccount().address, amount));
    const stolen = { ...payouts[0], payee: signer.address } as SignedPayout;
    const { logs } = await world.relay.send(redeemCall(hub, [...payouts, stolen]));
    expect(hubEvents(logs).map(({ eventName }) => eventName)).toEqual(['PayoutSkipped']);
    for (const { payee, cumulativeAmount } of payouts) {
      expect(await balance(payee)).toBe(cumulativeAmount);
      expect(await readPaid(world.relay, hub, payee, 'confirmed')).toBe(cumulativeAmount);
    }
    expect(await readAvailable(world.relay, token, hub)).toBe(880_000n);
  });

  it('K7 lets an agent without gas leave while the relay is gone', async () => {
    const { escrow } = world.deployment;
    const agent = await openChannel(world, DEPOSIT);
    const passerBy = newAccount();
    await world.fund(passerBy.address, 0n, 10n ** 18n);
    const chain = world.connect(passerBy.key);
    const request = {
      channelId: agent.id,
      cancelled: await readClosesCancelled(chain, escrow, agent.id),
      deadline: await inTenMinutes(world),
    };
    const digest = closeRequestDigester(place(escrow))(request);
    await chain.send(requestCloseWithAuthorizationCall(escrow, request, agent.sign(digest)));
    expect((await readChannel(chain, escrow, agent.id))?.closeRequestedAt).toBeTypeOf('number');

    await expect(chain.send(withdrawForCall(escrow, agent.id))).rejects.toMatchObject({
      code: 'transaction_reverted',
      data: { reason: 'CloseNotReady' },
    });
    await world.pass(GRACE);
    await chain.send(withdrawForCall(escrow, agent.id));
    expect(await balance(agent.address)).toBe(DEPOSIT);
    expect(await balance(passerBy.address)).toBe(0n);
  });
});

describe('K13 K14 the connection to the chain', () => {
  it('says why a contract refused, and what the token said', async () => {
    const { escrow, token } = world.deployment;
    const agent = await openChannel(world, DEPOSIT);
    await expect(world.relay.send(settleCall(escrow, agent.voucher(DEPOSIT + 1n)))).rejects.toMatchObject({
      code: 'transaction_reverted',
      data: { reason: 'AmountExceedsDeposit' },
    });
    await expect(agent.open()).rejects.toMatchObject({ data: { reason: 'ChannelAlreadyExists' } });
    const poor = await agentOf(world, newAccount(), DEPOSIT);
    await expect(poor.open()).rejects.toMatchObject({ data: { reason: 'ERC20InsufficientBalance' } });
    expect(await readDollars(world.relay, token, poor.address)).toBe(0n);
  });

  it('says why a contract refused what had looked good when it was sent', async () => {
    const { escrow } = world.deployment;
    const agent = await openChannel(world, DEPOSIT);
    await world.automine(false);
    const sent = Promise.allSettled(
      [1, 2].map(() => world.relay.send(settleCall(escrow, agent.voucher(9n)))),
    );
    const miner = setInterval(() => void world.mine(1), 200);
    const results = await sent.finally(() => clearInterval(miner));
    expect(results).toMatchObject([
      { status: 'fulfilled' },
      {
        status: 'rejected',
        reason: { code: 'transaction_reverted', data: { reason: 'AmountNotIncreasing' } },
      },
    ]);
    await world.automine(true);
    expect((await readChannel(world.relay, escrow, agent.id))?.settled).toBe(9n);
  });

  it('knows a wrong chain, a dead one, and that it has no account to send from', async () => {
    const wrong = world.connect(undefined, { chainId: 1 });
    await expect(wrong.checkChain()).rejects.toMatchObject({
      code: 'chain_mismatch',
      data: { found: 31_337 },
    });
    const dead = world.connect(undefined, { rpcUrl: 'http://127.0.0.1:9' });
    await expect(dead.sight()).rejects.toMatchObject({ code: 'chain_unreachable' });
    await expect(
      world.connect().send(mintCall(world.deployment.token, signer.address, 1n)),
    ).rejects.toMatchObject({
      code: 'account_missing',
    });
  });

  it('waits for as many blocks as were asked for, and sends several at once', async () => {
    const { token } = world.deployment;
    const payee = newAccount().address;
    const careful = world.connect(world.relayKey, { confirmations: 3 });
    const sent = Promise.all(
      [1n, 2n, 3n].map(async (amount) => {
        const { block, hash } = await careful.send(mintCall(token, payee, amount));
        return { hash, depth: (await careful.newestBlock()) - block + 1n };
      }),
    );
    const miner = setInterval(() => void world.mine(1), 100);
    const confirmed = await sent.finally(() => clearInterval(miner));
    expect(new Set(confirmed.map(({ hash }) => hash)).size).toBe(3);
    for (const { depth } of confirmed) expect(depth).toBeGreaterThanOrEqual(3n);
    expect(await balance(payee)).toBe(6n);
    expect(await careful.confirmedBlock()).toBe((await careful.newestBlock()) - 2n);
    await careful.reachBlock(await careful.newestBlock());
  });
});

function payout(payee: Hex, cumulativeAmount: bigint) {
  const { hub, token } = world.deployment;
  const parts = { token, owner: world.relay.account as Hex, signer: signer.address };
  const digest = payoutDigester(hubIdOf(parts, place(hub)), place(hub));
  return {
    payee,
    cumulativeAmount,
    signature: signDigest(digest({ payee, cumulativeAmount }), fromHex(signer.key)),
  };
}

function place(contract: Hex) {
  return { chainId: world.deployment.chainId, contract };
}

function balance(of: Hex): Promise<bigint> {
  return readDollars(world.relay, world.deployment.token, of);
}
