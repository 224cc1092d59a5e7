import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CodedError } from '../../../../src/core/errors.ts';
import { SETTLE_GAS } from '../../../../src/relay/settlement/settle-floor.ts';
import { account, createPayoutWorld, UNIT } from './payout-world.ts';

const A = account(1);
const channel = `0x${'c1'.repeat(32)}` as const;

describe('M14 gas and what is drawn', () => {
  it('draws from a channel where that brings 50 times its gas, at the price that somebody named', async () => {
    const limits = { threshold: 10n ** 18n, minimum: 10n ** 18n, settleThreshold: 20n * UNIT };
    const gasCoinPrice = 2_000n * 10n ** 12n;
    const world = await createPayoutWorld({ limits: { ...limits, gasCoinPrice } });
    // 50 base units: five chunks.
    world.chain.gas = (50n * UNIT * 10n ** 18n) / (50n * SETTLE_GAS * gasCoinPrice);
    await world.work(A, 4);
    await world.pass(30_000);
    expect(world.chain.transactions).toEqual([]);
    await world.work(A, 2);
    await world.pass(11_000);
    expect(world.ledger.state.channels.get(channel)?.settled).toBe(60n * UNIT);
    // Gas gets cheaper: the flat threshold is what is left.
    world.chain.gas = 0n;
    await world.work(A, 2);
    await world.pass(61_000);
    expect(world.chain.transactions).toEqual(['settle']);
    await world.work(A, 1);
    await world.pass(11_000);
    expect(world.chain.transactions).toEqual(['settle', 'settle']);
  });

  it('draws nothing by itself while it does not know the price of gas, but on a close', async () => {
    const limits = { threshold: 10n ** 18n, minimum: 10n ** 18n, settleThreshold: 20n * UNIT };
    const world = await createPayoutWorld({ limits: { ...limits, gasCoinPrice: 10n ** 12n } });
    const { gasPrice } = world.chain;
    let asked = 0;
    world.chain.gasPrice = async () => {
      asked++;
      throw new CodedError('chain_unreachable', 'The chain does not answer.');
    };
    await world.work(A, 1);
    await world.pass(30_000);
    // Below the flat threshold nobody asks.
    expect(asked).toBe(0);
    await world.work(A, 5);
    await world.pass(30_000);
    expect(asked).toBeGreaterThan(1);
    expect(world.complaints.join()).toContain('price of gas');
    expect(world.chain.transactions).toEqual([]);
    await world.requestClose();
    await world.pass(11_000);
    expect(world.chain.transactions).toEqual(['settle']);
    world.chain.gasPrice = gasPrice;
  });

  it('does not go by a price that is older than a minute', async () => {
    const limits = { threshold: 10n ** 18n, minimum: 10n ** 18n, settleThreshold: 20n * UNIT };
    const gasCoinPrice = 2_000n * 10n ** 12n;
    const world = await createPayoutWorld({ limits: { ...limits, gasCoinPrice } });
    await world.work(A, 3);
    await world.pass(11_000);
    expect(world.chain.transactions).toEqual(['settle']);
    await world.pass(60_000);
    // A spike: the old price would still say yes.
    world.chain.gas = (50n * UNIT * 10n ** 18n) / (50n * SETTLE_GAS * gasCoinPrice);
    await world.work(A, 4);
    await world.pass(30_000);
    expect(world.chain.transactions).toEqual(['settle']);
    await world.work(A, 2);
    await world.pass(11_000);
    expect(world.chain.transactions).toEqual(['settle', 'settle']);
  });

  it('counts with the gas that was measured', () => {
    const { rows } = JSON.parse(readFileSync('bench/results/gas.json', 'utf8')) as {
      rows: { operation: string; gas: number }[];
    };
    const measured = rows.find(({ operation }) => operation === 'settle, repeat')?.gas;
    expect(SETTLE_GAS).toBe(BigInt(measured ?? 0));
  });
});
