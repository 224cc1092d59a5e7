import { describe, expect, it } from 'vitest';
import { account, CHUNK_SHARE, createPayoutWorld, UNIT } from './payout-world.ts';

const A = account(1);
const B = account(2);
const WAITING = { threshold: 10n ** 18n, minimum: 5n * UNIT, settleThreshold: 10n ** 18n };
const EIGHT = (8n * CHUNK_SHARE) / UNIT;
const channel = `0x${'c1'.repeat(32)}` as const;

describe('M14 paying', () => {
  it('settles what agents signed, fills the hub, redeems, and books what the chain says', async () => {
    const world = await createPayoutWorld({ limits: { minimum: 1n, threshold: 1n } });
    const tab = world.join(A);
    await world.work(A, 8);
    await world.pass(2_000);
    expect(world.chain.transactions).toEqual(['settle', 'fund', 'redeem']);
    expect(world.chain.paid.get(A)).toBe(EIGHT);
    expect(tab.earnings.at(-1)).toMatchObject({
      accrued: '0',
      vested: '0',
      paid: String(EIGHT * UNIT),
      payout: { name: 'none' },
      lastPaid: { amount: String(EIGHT * UNIT) },
    });
    expect(world.ledger.state.channels.get(channel)?.settled).toBe(80n * UNIT);
    // What is left on the relay's account is its fee.
    expect(world.chain.own).toBe(80n - EIGHT);
    expect(world.events.map(({ type }) => type)).toEqual([
      'voucherIssued',
      'channelsSettled',
      'providerPaid',
    ]);
  });

  it('draws again what a reorganisation undid, and nothing from a channel that it took away', async () => {
    const world = await createPayoutWorld({ limits: { ...WAITING, settleThreshold: 0n } });
    await world.work(A, 8);
    await world.pass(12_000);
    expect(world.chain.transactions).toEqual(['settle']);
    const deposit = world.chain.deposits.get(channel) ?? 0n;
    const tell = (funds: { deposit: bigint; settled: bigint; finalized: boolean }): void =>
      world.payouts.hear({ type: 'fundsRead', at: world.clock.now(), channel, funds });

    world.chain.drawn.set(channel, 0n);
    world.chain.deposits.set(channel, 0n);
    tell({ deposit: 0n, settled: 0n, finalized: false });
    await world.pass(30_000);
    expect([world.chain.transactions, world.complaints]).toEqual([['settle'], []]);

    world.chain.deposits.set(channel, deposit);
    tell({ deposit, settled: 0n, finalized: false });
    await world.pass(2_000);
    expect(world.chain.drawn.get(channel)).toBe(80n);
    expect(world.chain.transactions).toEqual(['settle', 'settle']);
    expect(world.events.findLast(({ type }) => type === 'channelsSettled')).toMatchObject({
      amount: 80n * UNIT,
    });
  });

  it('M15 draws what the agent signed to close with, and not what it had paid ahead', async () => {
    const world = await createPayoutWorld({ limits: { ...WAITING, settleThreshold: 0n } });
    await world.work(A, 2);
    await world.prepay(300n);
    const signature = `0x${'cc'.repeat(65)}` as const;
    const taken = { type: 'close', id: 'close', channel, cumulative: 20n, signature } as const;
    expect(await world.ledger.commit([taken])).toMatchObject([{ ok: true }]);
    await world.pass(11_000);
    // The close pays it.
    expect(world.chain.transactions).toEqual([]);
    // The close does not come through, and the agent leaves by itself: what it owes is drawn in time.
    await world.requestClose();
    await world.pass(11_000);
    expect(world.chain.drawn.get(channel)).toBe(20n);
  });

  it('waits for the threshold, and comes on request from the minimum on', async () => {
    const world = await createPayoutWorld({ limits: WAITING });
    const tab = world.join(A);
    world.payouts.request(tab.provider);
    await world.pass(1_000);
    expect(tab.earnings.at(-1)?.payout).toMatchObject({ name: 'failed', code: 'payout_nothing' });
    await world.work(A, 8);
    await world.pass(30_000);
    expect(world.chain.transactions).toEqual([]);
    world.payouts.request(tab.provider);
    await world.pass(2_000);
    expect(world.chain.paid.get(A)).toBe(EIGHT);
    await world.work(A, 1);
    await world.pass(6_000);
    world.payouts.request(tab.provider);
    await world.pass(20_000);
    // One chunk is worth it; less than the minimum would not be.
    expect(world.chain.paid.get(A)).toBe((9n * CHUNK_SHARE) / UNIT);
  });

  it('refuses less than the minimum, with its code', async () => {
    const world = await createPayoutWorld({ limits: { ...WAITING, minimum: 100n * UNIT } });
    const tab = world.join(A);
    await world.work(A, 8);
    await world.pass(1_000);
    world.payouts.request(tab.provider);
    await world.pass(1_000);
    expect(tab.earnings.at(-1)?.payout).toMatchObject({ name: 'failed', code: 'payout_too_small' });
    expect(world.chain.transactions).toEqual([]);
  });

  it('comes at least once in a sweep for all that is worth it', async () => {
    const world = await createPayoutWorld({ limits: { ...WAITING, sweepMs: 60_000 } });
    await world.work(A, 8);
    await world.pass(50_000);
    expect(world.chain.paid.get(A)).toBeUndefined();
    await world.pass(30_000);
    expect(world.chain.paid.get(A)).toBe(EIGHT);
  });

  it('pays the others where the contract skips one, says so, and tries that one again', async () => {
    const world = await createPayoutWorld({ limits: { minimum: 1n, threshold: 1n } });
    const tab = world.join(A);
    world.chain.blocked.add(A);
    await world.work(A, 8);
    await world.work(B, 8);
    await world.pass(2_000);
    expect(world.chain.paid.get(B)).toBe(EIGHT);
    expect(world.chain.paid.get(A)).toBeUndefined();
    expect(tab.earnings.at(-1)?.payout).toMatchObject({ name: 'failed', code: 'payout_skipped' });
    world.chain.blocked.clear();
    await world.pass(120_000);
    expect(world.chain.paid.get(A)).toBe(EIGHT);
    expect(tab.earnings.at(-1)?.payout).toEqual({ name: 'none' });
  });

  it('pays whom it can where the money does not reach, and the others when it does', async () => {
    const world = await createPayoutWorld({ limits: { minimum: 1n, threshold: 1n } });
    const tab = world.join(B);
    world.chain.deposits.set(channel, 0n); // The chain draws nothing.
    world.chain.own = EIGHT;
    await world.work(A, 8);
    await world.work(B, 8);
    await world.pass(2_000);
    expect(world.chain.paid.get(A)).toBe(EIGHT);
    expect(tab.earnings.at(-1)?.payout).toEqual({ name: 'pending' });
    await world.pass(180_000);
    expect(tab.earnings.at(-1)?.payout).toMatchObject({ name: 'failed', code: 'payout_unfunded' });
    world.chain.own = EIGHT;
    await world.pass(120_000);
    expect(world.chain.paid.get(B)).toBe(EIGHT);
  });

  it('says when it tries again while the chain is out of reach, later each time', async () => {
    const world = await createPayoutWorld({ limits: { minimum: 1n, threshold: 1n } });
    const tab = world.join(A);
    await world.work(A, 8);
    world.chain.dead = true;
    await world.work(A, 8);
    await world.pass(30_000);
    world.chain.dead = false;
    await world.pass(120_000);
    expect(world.chain.paid.get(A)).toBe((16n * CHUNK_SHARE) / UNIT);
    const codes = tab.earnings.map(({ payout }) => (payout.name === 'failed' ? payout.code : payout.name));
    expect(codes).toContain('chain_unreachable');
    expect(codes.at(-1)).toBe('none');
  });

  it('draws what was used, and leaves what an agent paid ahead', async () => {
    const world = await createPayoutWorld({ limits: { minimum: 1n, threshold: 1n } });
    await world.work(A, 8);
    await world.prepay(20n);
    await world.pass(20_000);
    expect(world.chain.drawn.get(channel)).toBe(80n);
    await world.work(A, 1);
    await world.prepay(5n);
    await world.pass(20_000);
    // 90 were used; of the vouchers for 80, 100, 110 and 115 only the first is used up.
    expect(world.ledger.state.channels.get(channel)).toMatchObject({
      accepted: 115n * UNIT,
      spent: 90n * UNIT,
    });
    expect(world.chain.drawn.get(channel)).toBe(80n);
    await world.work(A, 2);
    await world.pass(20_000);
    expect(world.chain.drawn.get(channel)).toBe(110n);
  });

  it('settles a channel whose agent asked to close, without being asked', async () => {
    const world = await createPayoutWorld({ limits: WAITING });
    await world.work(A, 8);
    await world.prepay(5n);
    const row = world.ledger.state.channels.get(channel)!;
    const { payer, signer, deposit, settled } = row;
    const closing = { closeRequestedAt: 5, finalized: false, block: 2 };
    await world.ledger.commit([
      {
        type: 'channel',
        id: 'closing',
        channel,
        payer,
        signer,
        deposit: deposit / UNIT,
        settled,
        ...closing,
      },
    ]);
    world.payouts.hear({ type: 'channelClosing', at: 0, channel });
    await world.pass(100);
    expect(world.chain.drawn.get(channel)).toBe(85n);
    expect(world.chain.transactions).toEqual(['settle']);
  });
});

describe('M14 a crash between any two steps', () => {
  const steps = [
    { call: 'settle', when: 'before' },
    { call: 'settle', when: 'after' },
    { call: 'fund', when: 'before' },
    { call: 'fund', when: 'after' },
    { call: 'redeem', when: 'before' },
    { call: 'redeem', when: 'after' },
  ] as const;

  it.each(steps)('pays everybody once: $when $call took effect', async (step) => {
    const world = await createPayoutWorld({ limits: { minimum: 1n, threshold: 1n } });
    await world.work(A, 8);
    await world.work(B, 8);
    world.chain.failNext = step;
    await world.pass(500);
    world.restart();
    await world.pass(180_000);
    for (const payee of [A, B]) {
      expect(world.chain.paid.get(payee)).toBe(EIGHT);
      expect(world.ledger.state.providers.get(payee)?.paid).toBe(EIGHT * UNIT);
    }
    expect(world.chain.own + world.chain.hub).toBe(160n - 2n * EIGHT);
  });

  it('signs what had vested without a voucher', async () => {
    const world = await createPayoutWorld({ limits: WAITING });
    await world.work(A, 2);
    await world.ledger.commit([
      { type: 'closeBatch', id: 'c', provider: A, batch: 0, at: 1 },
      { type: 'vest', id: 'v', provider: A, batch: 0 },
    ]);
    expect(world.ledger.state.providers.get(A)?.payout).toBeNull();
    world.restart();
    await world.pass(10);
    expect(world.ledger.state.providers.get(A)?.payout?.cumulative).toBe(19n);
  });

  it('two processes in a row keep conservation under failures at random', async () => {
    const world = await createPayoutWorld({ limits: { minimum: 1n, threshold: 1n } });
    const calls = ['settle', 'fund', 'redeem'] as const;
    let seed = 7;
    const draw = (n: number): number => (seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31) % n;
    for (let round = 0; round < 60; round++) {
      await world.work(account(1 + draw(5)), 1 + draw(10));
      if (draw(2) === 0) world.chain.failNext = { call: calls[draw(3)]!, when: draw(2) ? 'before' : 'after' };
      await world.pass(draw(8_000));
      if (draw(4) === 0) world.restart();
      for (const row of world.ledger.state.providers.values()) {
        const paid = (world.chain.paid.get(row.provider) ?? 0n) * UNIT;
        expect(paid).toBeLessThanOrEqual((row.payout?.cumulative ?? 0n) * UNIT);
        expect((row.payout?.cumulative ?? 0n) * UNIT).toBeLessThanOrEqual(row.vested + row.carried);
      }
    }
    world.chain.failNext = undefined;
    await world.pass(300_000);
    let paid = 0n;
    for (const row of world.ledger.state.providers.values()) {
      expect(world.chain.paid.get(row.provider)).toBe(row.vested / UNIT);
      paid += world.chain.paid.get(row.provider)!;
    }
    const drawn = world.chain.drawn.get(channel)!;
    expect(world.chain.own + world.chain.hub + paid).toBe(drawn);
  });
});

describe('M14 shutting down', () => {
  it('vests, signs, settles and pays what is worth it', async () => {
    const world = await createPayoutWorld({ limits: WAITING });
    await world.work(A, 3);
    const closed = world.payouts.close(5_000);
    await world.pass(100);
    await closed;
    expect(world.chain.paid.get(A)).toBe((3n * CHUNK_SHARE) / UNIT);
    expect(world.chain.drawn.get(channel)).toBe(30n);
  });

  it('ends although the chain is out of reach, and a holdback takes its time', async () => {
    const world = await createPayoutWorld({
      limits: WAITING,
      holdback: { release: () => new Promise(() => {}) },
    });
    await world.work(A, 3);
    world.chain.dead = true;
    const closed = world.payouts.close(1_000);
    await world.pass(2_000);
    await closed;
    expect(world.ledger.state.batches.size).toBe(1);
  });
});
