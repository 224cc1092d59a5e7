import { describe, expect, it } from 'vitest';
import { CodedError } from '../../../../src/core/errors.ts';
import { DEMO_PAYOUT_LIMITS } from '../../../../src/relay/payouts/payout-limits.ts';
import type { ClosingVoucher, Mined } from '../../../../src/relay/payments/chain-port.ts';
import { chat, codeOf, openChannel } from './support/open-channel.ts';

type Sent = (nonce: number) => Promise<void>;

const slow = (): never => {
  throw new CodedError('chain_slow', 'Not yet.');
};
const reverted = (): never => {
  throw new CodedError('transaction_reverted', 'The contract refused.', { reason: 'blocked' });
};

/** A channel with a close that its agent signed for 100, at a chain that does with it what each test says. */
async function closing(close: (voucher: ClosingVoucher, sent: Sent) => Promise<Mined>) {
  const scene = await openChannel();
  const { chain } = scene.world;
  const byChain = chain.close.bind(chain);
  const vouchers: ClosingVoucher[] = [];
  chain.close = (voucher, sent) => {
    vouchers.push(voucher);
    return close(voucher, sent);
  };
  const isRefused = async (): Promise<string | undefined> => {
    const answer = await scene.send(scene.payer.wallet.voucher(200n), {}, chat('Speak.', 8));
    return answer.status === 402 ? codeOf(answer) : undefined;
  };
  const ask = async (amount = 100n) => {
    const answer = scene.payer.close(amount);
    await scene.pass(4_000);
    return answer;
  };
  return { ...scene, ask, vouchers, isRefused, mend: () => (chain.close = byChain) };
}

describe('M15 a close that was taken', () => {
  it('outlives a chain that does not confirm it, and is carried out with its first number', async () => {
    const { ask, isRefused, mend, pass, row, vouchers } = await closing(async (_, sent) => {
      await sent(7);
      return slow();
    });
    expect(codeOf(await ask())).toBe('chain_slow');
    expect(row().closing).toMatchObject({ cumulative: 100n, nonce: 7 });
    expect(await isRefused()).toBe('channel_closing');
    await pass(3_000);
    expect(vouchers.map(({ nonce }) => nonce)).toEqual([null, 7]);
    mend();
    await pass(9_000);
    expect(row()).toMatchObject({ finalized: true, settled: 100n * 1_000_000n });
    expect(codeOf(await ask())).toBe('channel_closed');
  });

  it('is one: the same amount again joins it, another one is refused', async () => {
    const { ask, pass, payer, row, vouchers } = await closing(() => new Promise(() => {}));
    const first = payer.close(100n);
    const again = payer.close(100n);
    expect(codeOf(await ask(101n))).toBe('channel_closing');
    await pass(2_000);
    expect([first.ended, again.ended, vouchers.length]).toEqual([false, false, 1]);
    expect(row().closing?.cumulative).toBe(100n);
  });

  it('that the contract refused opens the channel again, but not while a transaction for it may be mined', async () => {
    const { ask, isRefused, pass, row, world } = await closing(async ({ nonce }, sent) => {
      if (nonce === null) await sent(7);
      return nonce === null ? slow() : reverted();
    });
    expect(codeOf(await ask())).toBe('chain_slow');
    await pass(20_000);
    expect(await isRefused()).toBe('channel_closing');
    const { number } = await world.chain.head();
    world.chain.spend(7, number - 1);
    expect(codeOf(await ask())).toBe('close_failed');
    expect(row().closing).toBe(null);
    expect(await isRefused()).toBe(undefined);
  });

  it('whose own transaction is confirmed between two questions stays closed', async () => {
    const { payer, pass, row, world } = await openChannel();
    const { chain } = world;
    const [close, isSpent] = [chain.close.bind(chain), chain.isSpent.bind(chain)];
    chain.close = async (voucher, sent) => {
      // Where it took effect it is refused before it is sent again.
      if (chain.state(voucher.channel)?.finalized) return reverted();
      await close(voucher, sent);
      chain.stopBlocks(true);
      return slow();
    };
    chain.isSpent = async (nonce, block) => {
      chain.stopBlocks(false);
      return isSpent(nonce, block);
    };
    const answer = payer.close(100n);
    await pass(4_000);
    expect(codeOf(answer)).toBe('chain_slow');
    await pass(15_000);
    expect(row()).toMatchObject({ finalized: true, closing: { cumulative: 100n } });
    const types = world.paymentEvents.map(({ type }) => type);
    expect(types.filter((type) => type === 'channelClosed')).toHaveLength(1);
    expect(world.paymentEvents).not.toContainEqual(expect.objectContaining({ code: 'close_failed' }));
  });

  it('M14 draws nothing beside it while it is mined and not confirmed', async () => {
    const { payer, pass, row, world } = await openChannel({ payouts: { limits: DEMO_PAYOUT_LIMITS } });
    const { chain } = world;
    const settle = chain.settle.bind(chain);
    let draws = 0;
    chain.settle = (claims) => {
      draws++;
      return settle(claims);
    };
    const answer = payer.close(100n);
    while (!chain.state(payer.wallet.channel)?.finalized) await pass(100);
    chain.stopBlocks(true);
    await pass(25_000);
    expect([draws, row().finalized]).toEqual([0, false]);
    const read = world.paymentEvents.findLast(({ type }) => type === 'fundsRead');
    expect(read).toMatchObject({ funds: { finalized: true } });
    chain.stopBlocks(false);
    await pass(10_000);
    expect([draws, row().finalized, answer.ended]).toEqual([0, true, true]);
  });

  it('whose relay lacks gas is on its way: the agent may ask again, and the relay says what is missing', async () => {
    const { ask, mend, pass, row, world } = await closing(() => {
      throw new CodedError('chain_refused', 'The account has no gas.');
    });
    const answer = await ask();
    expect([answer.status, codeOf(answer), answer.headers?.['x-should-retry']]).toEqual([
      503,
      'chain_slow',
      undefined,
    ]);
    const delayed = { type: 'closeDelayed', code: 'chain_refused', message: 'The account has no gas.' };
    expect(world.paymentEvents).toContainEqual(expect.objectContaining(delayed));
    mend();
    await pass(9_000);
    expect(row().finalized).toBe(true);
  });

  it('whose transaction was replaced by another one of the account is sent anew', async () => {
    const { ask, pass, row, vouchers, mend } = await closing(async (_, sent) => {
      await sent(7);
      throw new CodedError('transaction_replaced', 'Another transaction has this number.');
    });
    expect(codeOf(await ask())).toBe('chain_slow');
    expect(vouchers.length).toBe(1);
    mend();
    await pass(9_000);
    expect(row().finalized).toBe(true);
  });
});
