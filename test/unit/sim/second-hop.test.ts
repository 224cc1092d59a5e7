import { describe, expect, it } from 'vitest';
import { DEMO_PAYOUT_LIMITS } from '../../../src/relay/payouts/payout-limits.ts';
import { createPaidWorld, type PaidWorld } from '../../../src/sim/paid-world.ts';
import type { SimPayer } from '../../../src/sim/sim-payer.ts';
import type { SimTab } from '../../../src/sim/sim-world.ts';

const UNIT = 1_000_000n;
/** Nothing is kept for long, and a base unit is worth a payout. */
const payouts = { limits: DEMO_PAYOUT_LIMITS };

async function open(seed: number, tabs = 2, options: Parameters<typeof createPaidWorld>[1] = {}) {
  const world = createPaidWorld(seed, { payouts, ...options });
  for (let i = 0; i < tabs; i++) world.addTab({ stepMs: 10 + world.random.between(0, 20) });
  await world.clock.advance(3_000);
  const payer = world.payer();
  payer.open(100_000n);
  await world.clock.advance(5_000);
  return { world, payer };
}

/** Closes the channel for what was used, and lets everything be paid. */
async function settleAll(world: PaidWorld, payer: SimPayer): Promise<void> {
  await world.clock.advance(60_000);
  const row = world.ledger.state.channels.get(payer.wallet.channel)!;
  payer.close((row.carried + row.spent + UNIT - 1n) / UNIT);
  await world.clock.advance(60_000);
}

const rowOf = (world: PaidWorld, tab: SimTab) => world.ledger.state.providers.get(tab.account);

/** Ledger, chain and tab say the same of a tab's money, and nobody was paid for what it did not deliver. */
async function agree(world: PaidWorld, tab: SimTab): Promise<void> {
  const row = rowOf(world, tab);
  const { state, income } = tab.provider.status();
  expect(state.name).not.toBe('held');
  if (!row) return;
  expect(world.chain.balanceOf(tab.account)).toBe(row.vested / UNIT);
  expect(row).toMatchObject({ earned: row.vested, paid: (row.vested / UNIT) * UNIT });
  expect(income).toMatchObject({
    accrued: '0',
    paid: String(row.paid),
    vested: String(row.vested - row.paid),
  });
  const { chainId, hub } = world.terms;
  const kept = await tab.payouts.voucher({ chainId, hub, payee: tab.account });
  expect(kept?.cumulative).toBe(String(row.payout?.cumulative));
  const noted = tab.payouts.payments.reduce((sum, { amount }) => sum + BigInt(amount), 0n);
  expect(noted).toBe(row.paid);
}

describe('M7 the second hop, with the real relay and the real provider', () => {
  it('pays 200 tokens to the unit: agent = price x tokens, provider = agent - fee', async () => {
    const { world, payer } = await open(1, 1);
    const { prompt } = payer.ask('hello', 200);
    await world.clock.advance(8_000);
    await settleAll(world, payer);
    const cost = payer.costOf(prompt.length, 200);
    const agentPaid = (cost + UNIT - 1n) / UNIT;
    const share = (cost * 9_500n) / 10_000n;
    expect(world.ledger.state.channels.get(payer.wallet.channel)).toMatchObject({
      spent: cost,
      fees: cost - share,
    });
    expect(world.chain.balanceOf(payer.wallet.address)).toBe(1_000_000n - agentPaid);
    expect(world.chain.balanceOf(world.tabs[0]!.account)).toBe(share / UNIT);
    // What is left of a unit on either side stays with the relay, beside its fee.
    const { hub, relay } = world.terms;
    expect(world.chain.balanceOf(hub) + world.chain.balanceOf(relay)).toBe(agentPaid - share / UNIT);
    await agree(world, world.tabs[0]!);
    expect(world.broken).toEqual([]);
  });

  it('M4, M13 tab and relay count the same through losses, cancels and moves, 4 seeds', async () => {
    for (let seed = 1; seed <= 4; seed++) {
      const { world, payer } = await open(seed, 3);
      const streams = Array.from({ length: 4 }, (_, i) =>
        payer.ask(`prompt ${i}`, 100 + world.random.between(0, 150)),
      );
      for (let round = 0; round < 4; round++) {
        await world.clock.advance(200 + world.random.between(0, 900));
        const tab = world.random.pick(world.tabs);
        if (round === 1) streams[0]!.answer.leave();
        else if (round === 2) tab.provider.pause({ code: 'paused', message: 'The owner plays.' });
        else tab.link()?.reset();
        if (round === 3) for (const { provider } of world.tabs) provider.resume();
      }
      await settleAll(world, payer);
      for (const tab of world.tabs) await agree(world, tab);
      const row = world.ledger.state.channels.get(payer.wallet.channel)!;
      const earned = world.tabs.reduce((sum, tab) => sum + (rowOf(world, tab)?.earned ?? 0n), 0n);
      expect(earned + row.fees).toBe(row.spent);
      expect(world.broken).toEqual([]);
    }
  });

  it('M14 a relay that dies at any moment pays everybody once, and every voucher that it sent stays good, 6 seeds', async () => {
    for (let seed = 1; seed <= 6; seed++) {
      const { world, payer } = await open(seed, 2);
      for (let round = 0; round < 5; round++) {
        payer.ask(`prompt ${round}`, 60 + world.random.between(0, 100));
        await world.clock.advance(300 + world.random.between(0, 6_000));
        world.restart();
        await world.clock.advance(2_000);
      }
      await settleAll(world, payer);
      for (const tab of world.tabs) await agree(world, tab);
      expect(world.broken).toEqual([]);
    }
  });
});

describe('what an owner can lose', () => {
  it('M13 is the limit, and a chunk and the prompt fee of each stream beyond it, when a relay stops paying', async () => {
    const out = 1_000_000n;
    const creditLimit = 300n * out;
    const { world, payer } = await open(3, 0, { price: { out, prompt: out } });
    const tab = world.addTab({ stepMs: 10, creditLimit });
    await world.clock.advance(3_000);
    world.chain.down = true;
    const streams = [1, 2].map((n) => payer.ask(`prompt ${n}`, 400));
    await world.clock.advance(30_000);
    expect(tab.provider.status().state).toMatchObject({ name: 'held', reason: { code: 'credit_limit' } });
    const owed = BigInt(tab.provider.status().income!.unsecured);
    const beyond = streams.reduce((sum, { prompt }) => sum + out * BigInt(32 + prompt.length), 0n);
    expect(owed).toBeGreaterThan(creditLimit);
    expect(owed).toBeLessThanOrEqual(creditLimit + beyond);
    expect(rowOf(world, tab)?.earned).toBe(owed);
  });
});
