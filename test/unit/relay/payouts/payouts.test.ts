import { describe, expect, it } from 'vitest';
import { recoverAddress } from '../../../../src/protocol/money/signature.ts';
import { hubIdOf, payoutDigester } from '../../../../src/protocol/money/payout.ts';
import type { BatchRow } from '../../../../src/relay/ledger/state.ts';
import type { Verdict } from '../../../../src/relay/payouts/holdback.ts';
import { account, CHUNK_SHARE, createPayoutWorld, HUB, UNIT } from './payout-world.ts';

const A = account(1);
const B = account(2);
/** Nothing is paid by itself. */
const WAITING = { threshold: 10n ** 18n, minimum: 1n };

describe('M7, M11 batches', () => {
  it('close with their last chunk when they are full, and vest', async () => {
    const world = await createPayoutWorld({ limits: WAITING });
    const tab = world.join(A);
    await world.work(A, 7);
    await world.pass(1_000);
    expect(tab.earnings.at(-1)).toMatchObject({
      accrued: String(7n * CHUNK_SHARE),
      vested: '0',
      batch: { chunks: 7, of: 8 },
    });
    await world.work(A, 1);
    await world.pass(1_000);
    expect(tab.earnings.at(-1)).toMatchObject({
      accrued: '0',
      vested: String(8n * CHUNK_SHARE),
      batch: null,
    });
  });

  it('close after their time, counted from their first chunk', async () => {
    const world = await createPayoutWorld({ limits: WAITING });
    const tab = world.join(A);
    await world.work(A, 1);
    await world.pass(3_000);
    await world.work(A, 1);
    await world.pass(1_000);
    expect(tab.earnings.at(-1)?.batch).toEqual({ chunks: 2, of: 8, closesInMs: 2_000 });
    await world.pass(2_000);
    expect(world.ledger.state.providers.get(A)).toMatchObject({ vested: 2n * CHUNK_SHARE });
  });

  it('of each provider close for themselves', async () => {
    const world = await createPayoutWorld({ limits: WAITING });
    await world.work(A, 8);
    await world.work(B, 3);
    await world.pass(10);
    expect(world.ledger.state.providers.get(A)).toMatchObject({ vested: 8n * CHUNK_SHARE });
    expect(world.ledger.state.providers.get(B)).toMatchObject({ vested: 0n, earned: 3n * CHUNK_SHARE });
  });

  it('wait for their holdback, which may forfeit them', async () => {
    const asked: BatchRow[] = [];
    const verdict = Promise.withResolvers<Verdict>();
    const release = (batch: BatchRow): Promise<Verdict> => {
      asked.push(batch);
      return asked.length === 1 ? verdict.promise : Promise.resolve('vest');
    };
    const world = await createPayoutWorld({ limits: WAITING, holdback: { release } });
    const tab = world.join(A);
    await world.work(A, 8);
    await world.work(A, 8);
    await world.pass(2_000);
    expect(asked.map(({ number, chunks }) => [number, chunks])).toEqual([
      [0, 8],
      [1, 8],
    ]);
    expect(tab.earnings.at(-1)).toMatchObject({
      accrued: String(8n * CHUNK_SHARE),
      vested: String(8n * CHUNK_SHARE),
    });
    verdict.resolve({ forfeit: true, reason: 'The recomputation differs.' });
    await world.pass(2_000);
    expect(tab.earnings.at(-1)).toMatchObject({ accrued: '0', forfeited: String(8n * CHUNK_SHARE) });
    expect(tab.vouchers.at(-1)?.cumulative).toBe(String((8n * CHUNK_SHARE) / UNIT));
  });

  it('are judged again after a holdback failed, and after a restart', async () => {
    let fails = true;
    const release = async (): Promise<Verdict> => {
      if (fails) throw new Error('No auditor is here.');
      return 'vest';
    };
    const world = await createPayoutWorld({ limits: WAITING, holdback: { release } });
    await world.work(A, 8);
    await world.pass(100);
    expect(world.ledger.state.batches.size).toBe(1);
    fails = false;
    world.restart();
    await world.pass(6_000);
    expect(world.ledger.state.batches.size).toBe(0);
    expect(world.ledger.state.providers.get(A)).toMatchObject({ vested: 8n * CHUNK_SHARE });
  });

  it('that were open when the process ended are closed by the next one', async () => {
    const world = await createPayoutWorld({ limits: WAITING });
    await world.work(A, 3);
    world.restart();
    await world.pass(5_000);
    expect(world.ledger.state.providers.get(A)?.payout?.cumulative).toBe((3n * CHUNK_SHARE) / UNIT);
  });
});

describe('M7, M11 payout vouchers', () => {
  it('state the floor of what has vested, signed for this hub and this payee', async () => {
    const world = await createPayoutWorld({ limits: WAITING });
    const tab = world.join(A);
    await world.work(A, 1);
    await world.pass(6_000);
    const [voucher] = tab.vouchers;
    // 9.5 base units have vested.
    expect(voucher).toMatchObject({ chainId: HUB.chainId, hub: HUB.hub, payee: A, cumulative: '9' });
    const place = { chainId: HUB.chainId, contract: HUB.hub };
    const digest = payoutDigester(hubIdOf(HUB, place), place)({ payee: A, cumulativeAmount: 9n });
    expect(recoverAddress(digest, voucher!.signature)).toBe(HUB.signer);
    await world.work(A, 1);
    await world.pass(6_000);
    expect(tab.vouchers.map(({ cumulative }) => cumulative)).toEqual(['9', '19']);
  });

  it('are durable before they are sent', async () => {
    const world = await createPayoutWorld({ limits: WAITING });
    const tab = world.join(A);
    const send = tab.provider.send.bind(tab.provider);
    const durable: (bigint | undefined)[] = [];
    tab.provider.send = (message) => {
      if (message.type === 'voucher') durable.push(world.ledger.state.providers.get(A)?.payout?.cumulative);
      send(message);
    };
    await world.work(A, 8);
    await world.pass(10);
    expect(durable).toEqual([(8n * CHUNK_SHARE) / UNIT]);
  });

  it('that could not be signed are signed later', async () => {
    let broken = true;
    const { signPayout } = await import('./payout-world.ts');
    const world = await createPayoutWorld({
      limits: WAITING,
      sign: (payee, cumulative) => {
        if (broken) throw new Error('The key is away.');
        return signPayout(payee, cumulative);
      },
    });
    const tab = world.join(A);
    await world.work(A, 8);
    await world.pass(100);
    expect(tab.vouchers).toEqual([]);
    broken = false;
    await world.pass(6_000);
    expect(tab.vouchers).toHaveLength(1);
  });

  it('come again when a tab comes back, the latest only', async () => {
    const world = await createPayoutWorld({ limits: WAITING });
    const first = world.join(A);
    await world.work(A, 8);
    await world.pass(10);
    await world.work(A, 8);
    await world.pass(10);
    world.payouts.leave(first.provider);
    await world.work(A, 8);
    await world.pass(10);
    expect(first.vouchers).toHaveLength(2);
    const second = world.join(A);
    expect(second.vouchers.map(({ cumulative }) => cumulative)).toEqual([String((24n * CHUNK_SHARE) / UNIT)]);
  });

  it('start from what the chain paid before this ledger knew anything', async () => {
    const world = await createPayoutWorld({ limits: WAITING });
    world.chain.paid.set(A, 1_000n);
    const tab = world.join(A);
    await world.work(A, 8);
    await world.pass(1_000);
    expect(tab.vouchers.at(-1)?.cumulative).toBe(String(1_000n + (8n * CHUNK_SHARE) / UNIT));
    expect(tab.earnings.at(-1)).toMatchObject({
      paid: String(1_000n * UNIT),
      vested: String(8n * CHUNK_SHARE),
    });
  });
});

describe('the figures', () => {
  it('M11 come at most once a second, and the last one is right', async () => {
    const world = await createPayoutWorld({ limits: { ...WAITING, batchChunks: 1_000 } });
    const tab = world.join(A);
    for (let i = 0; i < 100; i++) {
      await world.work(A, 1);
      await world.pass(37);
    }
    await world.pass(1_000);
    const gaps = tab.earnings.slice(1).map(({ at }, i) => at - tab.earnings[i]!.at);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(1_000);
    expect(tab.earnings.length).toBeLessThanOrEqual(6);
    expect(BigInt(tab.earnings.at(-1)!.accrued) + BigInt(tab.earnings.at(-1)!.vested)).toBe(
      100n * CHUNK_SHARE,
    );
  });
});
