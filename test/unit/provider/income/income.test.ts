import { describe, expect, it } from 'vitest';
import { attemptTotal } from '../../../../src/protocol/money/price.ts';
import { createMemoryPayouts } from '../../../../src/provider/income/payout-store.ts';
import { simReference } from '../../../../src/sim/sim-engine.ts';
import { assignment, jobId } from '../scripted-relay.ts';
import { createReadyWorld } from '../world.ts';
import { ACCOUNT, createPaidWorld, signVoucher, TERMS } from './paying-relay.ts';

/** 3 prompt tokens at 800, output at 1,000, a fee of 5%: a chunk is 32,000, the prompt 2,400. */
const paid = { price: { out: '1000', prompt: '800' }, feeBps: 500 };
const terms = { out: 1000n, prompt: 800n, promptTokens: 3, feeBps: 500 };
const START = { chunks: 0, tokens: 0 };

describe('M4, M13 what a tab states to have earned', () => {
  it('is its share of what the job grew by, chunk by chunk, and the whole prompt fee with the receipt', async () => {
    const world = await createPaidWorld();
    world.relay.send({ type: 'assign', ...assignment(paid) });
    await world.clock.advance(2_000);
    const totals = world.relay.all('chunk').map(({ total }) => total);
    const of = (chunks: number, tokens: number): string =>
      String(attemptTotal(terms, START, { chunks, tokens, finished: false }));
    expect(totals).toEqual([of(1, 32), of(2, 64), of(3, 96), of(4, 100)]);
    expect(totals[0]).toBe('30685');
    expect(world.relay.all('result')[0]?.receipt.total).toBe(String(((100_000n + 2_400n) * 95n) / 100n));
  });

  it('starts where the attempts before it ended', async () => {
    const world = await createPaidWorld();
    const before = { chunks: 2, tokens: 70 };
    const prior = simReference([1, 2, 3], '0x0123456789abcdef', 70);
    world.relay.send({ type: 'assign', ...assignment({ ...paid, lease: 1, prior, before, maxTokens: 30 }) });
    await world.clock.advance(2_000);
    const [chunk] = world.relay.all('chunk');
    const after = { chunks: 3, tokens: 100 };
    expect(chunk?.total).toBe(String(attemptTotal(terms, before, { ...after, finished: false })));
    const whole = attemptTotal(terms, START, { ...after, finished: true });
    const first = attemptTotal(terms, START, { ...before, finished: false });
    expect(world.relay.all('result')[0]?.receipt.total).toBe(String(whole - first));
  });

  it('is nothing where nobody pays, and all else goes on as ever', async () => {
    const world = await createReadyWorld();
    world.relay.send({ type: 'assign', ...assignment() });
    await world.clock.advance(2_000);
    expect(world.relay.all('chunk').map(({ total }) => total)).toEqual(['0', '0', '0', '0']);
    expect(world.relay.all('result')).toHaveLength(1);
    expect(world.provider.status().income).toBeUndefined();
  });

  it.each([
    ['fee_differs', { feeBps: 501 }],
    ['progress_impossible', { before: { chunks: 0, tokens: 1 } }],
    ['progress_impossible', { prior: [5, 6], maxTokens: 20, before: { chunks: 3, tokens: 2 } }],
  ])('is not worked for where the terms are wrong: %s', async (code, changes) => {
    const world = await createPaidWorld();
    world.relay.send({ type: 'assign', ...assignment({ ...paid, ...changes }) });
    await world.clock.advance(500);
    expect(world.relay.all('handback')).toMatchObject([{ code, grant: 1 }]);
    expect(world.relay.all('delta')).toEqual([]);
  });

  it('M2 is not worked for below the price that was asked', async () => {
    const world = await createReadyWorld({ terms: TERMS, ask: { out: '1001', prompt: '0' } });
    world.relay.send({ type: 'assign', ...assignment(paid) });
    await world.clock.advance(500);
    expect(world.relay.all('handback')).toMatchObject([{ code: 'price_too_low' }]);
  });

  it('ends the connection for good where the relay counts another amount', async () => {
    const world = await createPaidWorld();
    world.relay.send({ type: 'error', code: 'chunk_invalid', message: 'total', data: { fault: 'total' } });
    world.relay.close(4000);
    await world.clock.advance(60_000);
    expect(world.provider.status().state).toMatchObject({
      name: 'error',
      error: { code: 'earnings_differ' },
    });
    expect(world.relay.links).toHaveLength(1);
  });
});

describe('the figures that a tab shows', () => {
  it('grow with each chunk, before the relay says so, and never count twice', async () => {
    const world = await createPaidWorld();
    world.relay.send({ type: 'assign', ...assignment({ ...paid, maxTokens: 64 }) });
    await world.clock.advance(400);
    expect(world.provider.status().income).toMatchObject({ accrued: '30685' });
    await world.tell({ accrued: '30685', batch: { chunks: 1, of: 8, closesInMs: 4_000 } });
    const { income } = world.provider.status();
    expect(income).toMatchObject({ accrued: '30685', vested: '0', paid: '0', unsecured: '30685' });
    expect(income?.batch).toEqual({
      chunks: 1,
      of: 8,
      closesAt: expect.closeTo(world.clock.now() + 4_000, -2),
    });
    await world.clock.advance(1_000);
    const whole = String(((64_000n + 2_400n) * 95n) / 100n);
    expect(world.provider.status().income?.accrued).toBe(whole);
    await world.tell({ vested: whole });
    expect(world.provider.status().income).toMatchObject({ accrued: '0', vested: whole });
  });

  it('say what a payout waits for', async () => {
    const world = await createPaidWorld();
    await world.tell({ vested: '20000000' });
    world.provider.requestPayout();
    await world.clock.advance(5);
    expect(world.relay.all('payout')).toHaveLength(1);
    expect(world.provider.status().income?.payout).toEqual({ name: 'asked' });
    await world.tell({ vested: '20000000', payout: { name: 'pending' } });
    expect(world.provider.status().income?.payout).toEqual({ name: 'pending' });
    const failed = { name: 'failed', code: 'payout_unfunded', message: 'Soon.', retryInMs: 2_000 } as const;
    await world.tell({ vested: '20000000', payout: failed });
    expect(world.provider.status().income?.payout).toMatchObject({
      code: 'payout_unfunded',
      retryAt: expect.any(Number),
    });
  });

  it('note each payment once, with its transaction where it is known', async () => {
    const world = await createPaidWorld();
    const transaction = `0x${'ee'.repeat(32)}` as const;
    const lastPaid = { amount: '20000000', transaction, agoMs: 1_000 };
    await world.tell({ paid: '20000000', lastPaid });
    await world.tell({ paid: '20000000', lastPaid });
    // Two payments were made while this tab was away.
    await world.tell({ paid: '90000000', lastPaid: { ...lastPaid, amount: '40000000' } });
    expect(world.payouts.payments).toMatchObject([
      { amount: '20000000', transaction, payee: ACCOUNT, hub: TERMS.hub },
      { amount: '70000000', transaction: null },
    ]);
    expect(world.provider.status().income?.payments).toBe(2);
  });
});

describe('M12 payout vouchers', () => {
  it('are kept, the highest of each hub', async () => {
    const world = await createPaidWorld();
    await world.send(signVoucher(10));
    await world.send(signVoucher(25));
    await world.send(signVoucher(25));
    const kept = await world.payouts.voucher({ chainId: TERMS.chainId, hub: TERMS.hub, payee: ACCOUNT });
    expect(kept).toMatchObject({ ...signVoucher(25), token: TERMS.token, owner: TERMS.owner });
    expect(world.provider.status().income?.voucher?.worth).toBe('25000000');
  });

  it('are there again for the next tab, and bound it from below', async () => {
    const payouts = createMemoryPayouts();
    const first = await createPaidWorld({ payouts });
    await first.send(signVoucher(25));
    const second = await createPaidWorld({ payouts });
    expect(second.provider.status().income?.voucher?.worth).toBe('25000000');
    await second.send(signVoucher(24));
    expect(second.provider.status().state).toMatchObject({ name: 'held', reason: { code: 'voucher_lower' } });
    expect(second.provider.status().income?.voucher?.worth).toBe('25000000');
  });

  it.each([
    ['voucher_wrong_hub', signVoucher(5, { hub: `0x${'b1'.repeat(20)}` })],
    ['voucher_wrong_hub', signVoucher(5, { chainId: 1 })],
    ['voucher_wrong_payee', signVoucher(5, { payee: `0x${'01'.repeat(20)}` })],
    ['voucher_signature', signVoucher(5, {}, new Uint8Array(32).fill(6))],
    ['voucher_signature', { ...signVoucher(5), cumulative: '6' }],
    ['voucher_signature', { ...signVoucher(5), signature: `0x${'00'.repeat(65)}` } as const],
  ])('that are not good are not kept, and hold lending back: %s', async (code, voucher) => {
    const world = await createPaidWorld();
    await world.send(voucher);
    expect(world.provider.status().state).toMatchObject({ name: 'held', reason: { code } });
    expect(world.relay.all('models').at(-1)?.models).toEqual([]);
    expect(world.provider.status().income?.voucher).toBeNull();
  });

  it('that can’t be stored are told, and cost no job', async () => {
    const payouts = createMemoryPayouts();
    const keep = async (): Promise<never> => {
      throw new Error('The disk is full.');
    };
    const world = await createPaidWorld({ payouts: { ...payouts, keep } });
    await world.send(signVoucher(5));
    expect(world.provider.status()).toMatchObject({
      state: { name: 'waiting' },
      fault: { message: 'The disk is full.' },
    });
  });
});

describe('what an owner can lose', () => {
  const slow = { ...paid, maxTokens: 1_000, credit: 1_000 };

  it('M13 stops at the limit within a chunk of each stream, hands back, and goes on when it was paid', async () => {
    const limit = 100_000n;
    const world = await createPaidWorld({ creditLimit: limit });
    for (const n of [1, 2]) world.relay.send({ type: 'assign', ...assignment({ ...slow, job: jobId(n) }) });
    await world.clock.advance(5_000);
    expect(world.provider.status().state).toMatchObject({ name: 'held', reason: { code: 'credit_limit' } });
    expect(world.relay.all('handback').map(({ code }) => code)).toEqual(['credit_limit', 'credit_limit']);
    expect(world.relay.all('models').at(-1)?.models).toEqual([]);
    const claimed = BigInt(world.provider.status().income!.unsecured);
    // The worst case of payments.md: the prompt fee and one chunk a stream beyond what the owner trusts it with.
    expect(claimed).toBeLessThanOrEqual(limit + 2n * (32_000n + 2_400n));
    const delivered = world.relay.ids(jobId(1)).length + world.relay.ids(jobId(2)).length;
    const signed = world.relay.all('chunk').reduce((sum, { count }) => sum + count, 0);
    expect(delivered).toBe(signed);

    await world.tell({ paid: String(claimed) });
    expect(world.provider.status().state).toEqual({ name: 'waiting', reason: 'no_jobs' });
    expect(world.relay.all('models').at(-1)?.models).toHaveLength(1);
    expect(world.relay.all('grant').at(-1)).toMatchObject({ slots: 2 });
    world.relay.send({ type: 'assign', ...assignment({ ...slow, job: jobId(3) }) });
    await world.clock.advance(1_000);
    expect(world.relay.ids(jobId(3)).length).toBeGreaterThan(32);
  });

  it('M13 follows the limit that the owner sets, also while it lends', async () => {
    const world = await createPaidWorld();
    await world.tell({ accrued: '50000', vested: '60000' });
    expect(world.provider.status().state.name).toBe('waiting');
    world.provider.trust(100_000n);
    expect(world.provider.status().state).toMatchObject({ name: 'held' });
    world.provider.trust(200_000n);
    expect(world.provider.status().state.name).toBe('waiting');
  });

  it('M13 is bounded by a request for a payout half way to the limit', async () => {
    const world = await createPaidWorld({ creditLimit: 30_000_000n });
    await world.tell({ accrued: '7000000', vested: '9000000' });
    expect(world.relay.all('payout')).toHaveLength(0);
    await world.tell({ accrued: '6000000', vested: '10000000' });
    expect(world.relay.all('payout')).toHaveLength(1);
    await world.tell({ accrued: '6000000', vested: '11000000' });
    expect(world.relay.all('payout')).toHaveLength(1);
    await world.clock.advance(31_000);
    await world.tell({ accrued: '6000000', vested: '11000000' });
    expect(world.relay.all('payout')).toHaveLength(2);
  });

  it('M13 is not more than it signed: a relay that books less gets no more work', async () => {
    const world = await createPaidWorld();
    world.relay.send({ type: 'assign', ...assignment(slow) });
    await world.clock.advance(5_000);
    await world.tell({ accrued: '30685' });
    await world.clock.advance(9_000);
    expect(world.provider.status().state).toMatchObject({
      name: 'held',
      reason: { code: 'earnings_differ' },
    });
    expect(world.relay.ids(jobId(1)).length).toBeLessThan(1_000 + 1);
    await world.tell({ accrued: '950000000' });
    expect(world.provider.status().state).toEqual({ name: 'waiting', reason: 'no_jobs' });
  });

  it('M13 chunks that crossed a cancel are not claimed', async () => {
    const world = await createPaidWorld();
    world.relay.send({ type: 'assign', ...assignment(slow) });
    await world.clock.advance(1_000);
    world.relay.send({ type: 'cancel', job: jobId(1), lease: 0, reason: 'gone' });
    await world.clock.advance(60_000);
    await world.tell({});
    expect(world.provider.status().state.name).toBe('waiting');
    expect(world.provider.status().income?.accrued).toBe('0');
  });
});
