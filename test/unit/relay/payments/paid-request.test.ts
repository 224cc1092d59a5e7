import { describe, expect, it } from 'vitest';
import type { JobReceipt } from '../../../../src/protocol/money/receipt.ts';
import { verifyReceipt } from '../../../../src/protocol/money/verify-receipt.ts';
import { createPaidWorld } from '../../../../src/sim/paid-world.ts';
import { simRequest } from '../../../../src/sim/sim-agent.ts';
import { requestIn } from '../../../../src/sim/sim-payer.ts';

/** A world with a tab and an agent whose channel is open. */
async function open(seed = 1, deposit = 10_000n) {
  const world = createPaidWorld(seed);
  world.addTab({ stepMs: 10 });
  await world.clock.advance(3_000);
  const payer = world.payer();
  const opened = payer.open(deposit);
  await world.clock.advance(5_000);
  return { world, payer, opened, channel: payer.wallet.channel };
}

describe('a paid request', () => {
  it('M5 opens a channel without gas, streams, pays as it goes and closes', async () => {
    const { world, payer, opened, channel } = await open();
    expect(opened.status, opened.text).toBe(200);
    expect(JSON.parse(opened.text)).toMatchObject({ channelId: channel, deposit: '10000', state: 'open' });

    const { answer, prompt } = payer.ask('hello', 100);
    await world.clock.advance(5_000);
    expect(answer.status, answer.text).toBe(200);
    expect(answer.ids).toHaveLength(100);
    expect(answer.done).toBe(true);
    const end = answer.events.find(({ name }) => name === 'payment-receipt')?.data as {
      charged: string;
      receipt: JobReceipt;
    };
    const cost = payer.costOf(prompt.length, 100);
    expect(end).toMatchObject({ charged: String(cost), spent: String(cost) });
    expect(verifyReceipt(end.receipt, { promptIds: prompt, outputIds: answer.ids })).toEqual([]);
    const row = world.ledger.state.channels.get(channel);
    expect(row).toMatchObject({ spent: cost, reserved: 0n });
    const earned = world.ledger.state.providers.get(world.tabs[0]?.account as `0x${string}`)?.earned;
    expect(earned).toBe((cost * 9_500n) / 10_000n);
    const used = (cost + 999_999n) / 1_000_000n;
    const closed = payer.close(used);
    await world.clock.advance(5_000);
    expect(JSON.parse(closed.text)).toMatchObject({
      settled: String(used),
      refunded: String(10_000n - used),
    });
    expect(world.chain.balanceOf(world.terms.relay)).toBe(used);
    expect(world.chain.balanceOf(payer.wallet.address)).toBe(1_000_000n - used);
    expect(world.broken).toEqual([]);
  });

  it('C4 its leaves are opened for whoever paid, and for nobody else', async () => {
    const { world, payer } = await open();
    const { answer } = payer.ask('hello', 40);
    await world.clock.advance(5_000);
    const path = `/v1/receipts/${answer.headers['x-afterglow-job']}`;
    const query = new URLSearchParams({ openings: '1' });
    const get = async (headers: Record<string, string>) => {
      const found = simRequest(world.relay, { method: 'GET', path, query, headers });
      await world.clock.advance(500);
      return JSON.parse(found.text) as { error?: { code: string }; openings?: { problems: unknown[] }[] };
    };
    const stranger = world.payer();
    stranger.open(1_000n);
    await world.clock.advance(5_000);
    const mine = await get(payer.credential(payer.wallet.voucher(payer.signed)));
    expect(mine.openings).toMatchObject([{ lease: 0, problems: [] }]);
    expect((await get(stranger.credential(stranger.wallet.voucher(0n)))).error?.code).toBe(
      'openings_not_yours',
    );
    expect((await get({})).error?.code).toBe('payment_required');
  });

  it('H1 without a credential is asked to pay: the exact price and the most that it can cost', async () => {
    const { world } = await open();
    const answer = world.ask({ messages: [{ role: 'user', content: 'hi' }], max_tokens: 50 });
    await world.clock.advance(10);
    expect(answer.status).toBe(402);
    expect(JSON.parse(answer.text)).toMatchObject({
      error: { code: 'payment_required', type: 'payment_required' },
      status: 402,
    });
    expect(answer.headers['x-should-retry']).toBe('false');
    expect(requestIn(answer.headers['www-authenticate'] ?? '')).toMatchObject({
      amount: '51',
      unitType: 'request',
      methodDetails: {
        afterglow: { price: { out: '1000000', prompt: '200000' }, promptTokens: 4, feeBps: 500 },
      },
    });
  });
});
