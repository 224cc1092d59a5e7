import { describe, expect, it } from 'vitest';
import { account, CHUNK_SHARE, createPayoutWorld, type PayoutWorld, UNIT } from './payout-world.ts';

const A = account(1);
const NEVER = 10n ** 18n;
const channel = `0x${'c1'.repeat(32)}` as const;
const share = (chunks: bigint): bigint => (chunks * CHUNK_SHARE) / UNIT;

describe('M14 a transaction that is not confirmed in time', () => {
  it('is waited for before another one is sent, however much more there is to draw', async () => {
    const world = await createPayoutWorld({
      limits: { threshold: NEVER, minimum: NEVER, settleThreshold: 0n },
    });
    world.chain.slowNext = 'settle';
    await world.work(A, 8);
    await world.pass(12_000);
    await world.work(A, 8);
    await world.pass(200_000);
    expect(world.chain.transactions).toEqual(['settle']);
    world.chain.mine();
    await world.pass(120_000);
    expect(world.chain.transactions).toEqual(['settle', 'settle']);
    expect(world.ledger.state.channels.get(channel)?.settled).toBe(160n * UNIT);
  });

  it('has moved what it moves into the hub before the hub is filled again', async () => {
    const world = await createPayoutWorld({ limits: { minimum: 1n, threshold: 1n } });
    world.chain.slowNext = 'fund';
    await world.work(A, 8);
    await world.pass(3_000);
    await world.work(A, 8);
    await world.pass(200_000);
    expect(world.chain.transactions).toEqual(['settle', 'fund']);
    world.chain.mine();
    await world.pass(120_000);
    expect(world.chain.paid.get(A)).toBe(share(16n));
    expect([world.chain.hub, world.chain.own]).toEqual([0n, 160n - share(16n)]);
  });

  it('is not sent again by the next process once it is in a block, and booked when that is confirmed', async () => {
    const world = await createPayoutWorld({ limits: { minimum: 1n, threshold: 1n, settleThreshold: 0n } });
    const confirm = lag(world);
    world.chain.failNext = { call: 'settle', when: 'after' };
    await world.work(A, 8);
    await world.pass(500);
    world.restart();
    const tab = world.join(A);
    await world.pass(60_000);
    expect(world.chain.transactions.filter((call) => call === 'settle')).toEqual(['settle']);
    expect(world.chain.transactions.filter((call) => call === 'redeem')).toEqual(['redeem']);
    expect(world.ledger.state.channels.get(channel)?.settled).toBe(0n);
    expect(tab.earnings.at(-1)?.payout.name).toBe('pending');
    confirm();
    await world.pass(120_000);
    expect(world.chain.transactions).toEqual(['settle', 'fund', 'redeem']);
    expect(world.ledger.state.channels.get(channel)?.settled).toBe(80n * UNIT);
    expect(world.ledger.state.providers.get(A)?.paid).toBe(share(8n) * UNIT);
    expect(tab.earnings.at(-1)?.payout.name).toBe('none');
  });
});

describe('M14 what happens while a transaction is under way', () => {
  it('takes a channel that was used further for no refusal', async () => {
    const world = await createPayoutWorld({
      limits: { threshold: NEVER, minimum: NEVER, settleThreshold: 0n },
    });
    const { settle } = world.chain;
    world.chain.settle = async (claims) => {
      const sent = await settle(claims);
      if (world.chain.transactions.length === 1) await world.work(A, 1);
      return sent;
    };
    await world.work(A, 8);
    await world.pass(12_000);
    expect(world.complaints).toEqual([]);
    expect(world.chain.drawn.get(channel)).toBe(90n);
    expect(world.chain.transactions).toEqual(['settle', 'settle']);
  });

  it('pays a payee who earns more what was asked for, and lets the rest wait', async () => {
    const world = await createPayoutWorld({ limits: { minimum: 1n, threshold: share(8n) * UNIT } });
    const { redeem } = world.chain;
    world.chain.redeem = async (claims) => {
      const sent = await redeem(claims);
      await world.work(A, 1);
      await world.pass(6_000);
      return sent;
    };
    await world.work(A, 8);
    await world.pass(30_000);
    expect(world.complaints).toEqual([]);
    expect(world.chain.paid.get(A)).toBe(share(8n));
  });
});

/** Confirmed blocks are old until the returned function is called. */
function lag({ chain }: PayoutWorld): () => void {
  const { fundsOf, paidOf } = chain;
  let isOld = true;
  chain.fundsOf = async (channels, at) => {
    const funds = await fundsOf(channels, at);
    return isOld && at === 'confirmed' ? funds.map((one) => ({ ...one, settled: 0n })) : funds;
  };
  chain.paidOf = async (payees, at) =>
    isOld && at === 'confirmed' ? payees.map(() => 0n) : paidOf(payees, at);
  return () => void (isOld = false);
}
