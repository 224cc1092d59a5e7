import { describe, expect, it } from 'vitest';
import type { JobReceipt } from '../../../../src/protocol/money/receipt.ts';
import { verifyReceipt } from '../../../../src/protocol/money/verify-receipt.ts';
import type { SimAnswer } from '../../../../src/sim/sim-agent.ts';
import { codeOf, openChannel } from './support/open-channel.ts';

const endOf = ({ events }: SimAnswer) =>
  events.find(({ name }) => name === 'payment-receipt')?.data as
    | { charged: string; receipt: JobReceipt }
    | undefined;
const finishOf = ({ text }: SimAnswer): string | undefined => /"finish_reason":"(\w+)"/.exec(text)?.[1];

describe('M5, M6 cover', () => {
  it('never lets a tab decode beyond what is paid, and pays each chunk before the one after the next is covered', async () => {
    const { world, payer, pass } = await openChannel();
    const { answer } = payer.ask('slowly', 200, { budget: 96 });
    for (let i = 0; i < 300; i++) {
      await pass(10);
      const job = [...world.ledger.state.jobs.values()][0];
      if (!job) continue;
      expect(answer.ids.length).toBeLessThanOrEqual(job.covered);
      expect(job.covered - job.tokens).toBeLessThanOrEqual(64);
    }
    expect(answer.ids).toHaveLength(96);
  });

  it('H5 H6 a stream that is paid for no longer ends by length after 30 s, with a valid receipt and nothing lost', async () => {
    const { payer, pass, row, world } = await openChannel();
    const { answer, prompt } = payer.ask('budget', 200, { budget: 64 });
    await pass(25_000);
    expect(answer.ended).toBe(false);
    const need = answer.events.find(({ name }) => name === 'payment-need-voucher')?.data;
    expect(need).toMatchObject({
      channelId: payer.wallet.channel,
      acceptedCumulative: '66',
      requiredCumulative: '98',
    });
    await pass(10_000);
    expect([finishOf(answer), answer.ids.length, answer.done]).toEqual(['length', 64, true]);
    const end = endOf(answer);
    expect(end?.charged).toBe(String(payer.costOf(prompt.length, 64)));
    expect(end?.receipt.attempts.at(-1)).toMatchObject({ ended: 'budget', count: 64, unsigned: 0 });
    expect(verifyReceipt(end?.receipt as JobReceipt, { promptIds: prompt, outputIds: answer.ids })).toEqual(
      [],
    );
    expect(row()).toMatchObject({ spent: payer.costOf(prompt.length, 64), reserved: 0n });
    expect(world.ledger.state.jobs.size).toBe(0);
  });

  it('goes on where it stood when a voucher comes in time', async () => {
    const { payer, pass, send } = await openChannel();
    const { answer } = payer.ask('late', 128, { budget: 64 });
    await pass(20_000);
    await send(payer.wallet.voucher(140n));
    await pass(3_000);
    expect([finishOf(answer), answer.ids.length]).toEqual(['length', 128]);
  });

  it('several streams share a channel, and each gets its chunk', async () => {
    const { payer, pass, world } = await openChannel();
    const streams = [1, 2, 3, 4].map((n) => payer.ask(`stream ${n}`, 100 + n));
    await pass(10_000);
    for (const [i, { answer }] of streams.entries()) expect(answer.ids).toHaveLength(101 + i);
    expect(world.broken).toEqual([]);
  });

  it('H5 a stream that is covered hears of payments at its end only', async () => {
    const { payer, pass } = await openChannel();
    const { answer } = payer.ask('hi', 40);
    await pass(3_000);
    const named = answer.events.map(({ name }) => name);
    expect(named).toEqual(['payment-receipt']);
    expect(answer.headers['payment-receipt']).toBeDefined();
  });
});

describe('M3 a cancelled stream', () => {
  it('is charged for what the relay had received by then', async () => {
    const { payer, pass, row, world } = await openChannel();
    const { answer, prompt } = payer.ask('cancel me', 200);
    await pass(450);
    const received = answer.ids.length;
    answer.leave();
    await pass(100);
    const chunks = Math.floor(received / 32);
    const promptFee = BigInt(prompt.length) * 200_000n;
    expect(chunks).toBeGreaterThan(0);
    expect(received % 32).toBeGreaterThan(0);
    expect(row()).toMatchObject({
      spent: (promptFee * BigInt(chunks)) / 8n + BigInt(received) * 1_000_000n,
      reserved: 0n,
    });
    expect(world.broken).toEqual([]);
  });
});

describe('a close in mid-stream', () => {
  it('H6 H8 by request on the chain: vouchers are refused at once, what is covered is served, and then it ends', async () => {
    const { payer, pass, send, world } = await openChannel({ payments: { watchMs: 200 } });
    world.tabs[0]?.provider.pause({ code: 'paused', message: 'Slow down.' });
    const { answer } = payer.ask('leaving', 4_000, { budget: 64 });
    void world.chain.requestClose(payer.wallet.channel);
    await pass(2_500);
    const refused = await send(payer.wallet.voucher(500n));
    expect(codeOf(refused)).toBe('channel_closing');
    world.tabs[0]?.provider.resume();
    await pass(3_000);
    expect([finishOf(answer), answer.ids.length]).toEqual(['length', 64]);
    expect(world.paymentEvents.some(({ type }) => type === 'channelClosing')).toBe(true);
  });

  it('H7 by credential: it is refused as long as a stream runs, and costs nothing', async () => {
    const { payer, pass } = await openChannel();
    const { answer } = payer.ask('busy', 100);
    await pass(300);
    const refused = payer.close(66n);
    await pass(20);
    expect([refused.status, codeOf(refused)]).toEqual([409, 'channel_busy']);
    await pass(3_000);
    expect(answer.ids).toHaveLength(100);
    const short = payer.close(50n);
    await pass(20);
    expect(codeOf(short)).toBe('voucher_insufficient');
    expect(JSON.parse(short.text)).toMatchObject({ required: '102' });
    const closed = payer.close(102n);
    await pass(3_000);
    expect(closed.status).toBe(200);
    const after = payer.ask('more', 10);
    await pass(100);
    expect(codeOf(after.answer)).toBe('channel_closed');
  });
});

describe('a close that races with a request', () => {
  it('loses, where the request came first; and wins, where the close did', async () => {
    const { payer, pass, row } = await openChannel();
    const { answer } = payer.ask('first', 40);
    await pass(0);
    const close = payer.close(0n);
    await pass(5_000);
    expect([answer.ids.length, codeOf(close)]).toEqual([40, 'channel_busy']);
    const used = row().spent / 1_000_000n + 1n;
    const closing = payer.close(used);
    const late = payer.ask('late', 40);
    await pass(5_000);
    expect([closing.status, codeOf(late.answer)]).toEqual([200, 'channel_closing']);
  });
});

describe('K13 a blind relay', () => {
  it('accepts nothing and covers nothing more; it goes on when it sees again', async () => {
    const { payer, pass, send, world } = await openChannel({ payments: { watchMs: 1_000, blindMs: 30_000 } });
    world.chain.stopBlocks(true);
    await pass(31_000);
    const refused = await send(payer.wallet.voucher(70n));
    expect([refused.status, codeOf(refused)]).toEqual([503, 'chain_blind']);
    world.chain.stopBlocks(false);
    await pass(2_000);
    expect((await send(payer.wallet.voucher(70n))).status).toBe(200);
    world.chain.down = true;
    await pass(20_000);
    expect((await send(payer.wallet.voucher(80n))).status).toBe(200);
  });
});
