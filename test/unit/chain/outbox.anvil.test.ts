import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newAccount, TestChain } from '../../../scripts/network/test-chain.ts';
import type { ChainClient } from '../../../src/chain/chain-client.ts';
import { mintCall, readDollars } from '../../../src/chain/dollar.ts';
import { type GasPrice, perGas, raisedPrice } from '../../../src/chain/gas-price.ts';
import type { Hex } from '../../../src/core/bytes.ts';

const GWEI = 10n ** 9n;

let world: TestChain;
let payee: Hex;
beforeEach(async () => {
  world = await TestChain.start();
  payee = newAccount().address;
  await world.automine(false);
}, 30_000);
afterEach(() => world.close());

describe('K16 a transaction that waits although blocks come', () => {
  it('is replaced by itself at a higher price and takes effect once; those behind it come through', async () => {
    const chain = connect(2_000);
    const sent = Promise.all([1n, 2n].map((amount) => chain.send(mint(amount))));
    const [first] = await inPool(2);
    const raised = await becomes(async () => {
      await world.mineOutbid(90_000n, 100n * GWEI);
      const [head] = await inPool(1);
      return head?.hash === first?.hash ? undefined : head;
    });
    expect(Number(raised.nonce)).toBe(Number(first?.nonce));
    expect(BigInt(raised.maxFeePerGas)).toBeGreaterThan((BigInt(first?.maxFeePerGas ?? 0) * 11n) / 10n);
    const results = await mining(sent);
    expect(results[0]?.hash).toBe(raised.hash);
    expect(await dollars()).toBe(3n);
    expect(await count()).toBe(2);
  });

  it('is sent again at the new price where its node forgot it, as in a spike', async () => {
    const sent = connect(2_000).send(mint(1n));
    await inPool(1);
    const { cost, gasUsed } = await mining(sent, 20n * GWEI);
    expect(await dollars()).toBe(1n);
    expect(cost / gasUsed).toBeGreaterThanOrEqual(20n * GWEI);
    expect(await count()).toBe(1);
  });

  it('stays as it is where no block comes: no price would help', async () => {
    const sent = connect(400).send(mint(1n));
    const [before] = await inPool(1);
    await expect(sent).rejects.toMatchObject({
      code: 'transaction_unconfirmed',
      data: { hash: before?.hash },
    });
    expect(await inPool(1)).toMatchObject([{ hash: before?.hash }]);
  });

  it('of a process before this one gives its number up, so that others come through', async () => {
    await expect(connect(100).send(mint(1n))).rejects.toMatchObject({ code: 'transaction_unconfirmed' });
    const sent = connect(2_000).send(mint(2n));
    await becomes(async () => {
      await world.mineOutbid(90_000n, 100n * GWEI);
      return (await count()) === 1 ? true : undefined;
    });
    await mining(sent);
    expect(await dollars()).toBe(2n);
    expect(await count()).toBe(2);
  });

  it('is gone on with by its number, and has one effect, whichever version was mined', async () => {
    const numbers: number[] = [];
    const note = async (nonce: number): Promise<void> => void numbers.push(nonce);
    await expect(connect(100).send(mint(1n), { sent: note })).rejects.toMatchObject({
      code: 'transaction_unconfirmed',
    });
    const again = connect(1_000).send(mint(1n), { nonce: numbers[0], sent: note });
    again.catch(() => {});
    await becomes(async () => (numbers.length === 2 ? true : undefined));
    await world.mine(1);
    // The first version may be the one that was mined: then this one can only be replaced.
    const outcome = await again.then(
      () => 'sent',
      ({ code }: { code: string }) => code,
    );
    expect(['sent', 'transaction_replaced']).toContain(outcome);
    expect([await dollars(), await count(), numbers]).toEqual([1n, 1, [0, 0]]);
    // Its number is used up: the same again is another one, unless it waits for the one that is on its way.
    const chain = connect(2_000);
    const twice = [chain.send(mint(1n), { nonce: 0 }), chain.send(mint(1n), { join: true })];
    await inPool(1);
    await world.mine(1);
    const [one, other] = await Promise.all(twice);
    expect(one?.hash).toBe(other?.hash);
    expect(await dollars()).toBe(2n);
  });
});

describe('K16 a transaction that is in a block and not confirmed yet', () => {
  it('is joined by the same call, and not sent twice', async () => {
    await world.automine(true);
    const chain = world.connect(world.relayKey, { patienceMs: 300, confirmations: 3 });
    const late = { code: 'transaction_unconfirmed' };
    await expect(chain.send(mint(1n), { join: true })).rejects.toMatchObject(late);
    await expect(chain.send(mint(1n), { join: true })).rejects.toMatchObject(late);
    await world.mine(2);
    await chain.send(mint(1n), { join: true });
    expect([await dollars(), await count()]).toEqual([1n, 1]);
  });

  it('leaves no room for another transaction of its number', async () => {
    const numbers: number[] = [];
    const note = async (nonce: number): Promise<void> => void numbers.push(nonce);
    await mining(connect(2_000).send(mint(1n), { sent: note }));
    const careful = world.connect(world.relayKey, { confirmations: 99 });
    await expect(careful.send(mint(2n), { nonce: numbers[0], sent: note })).rejects.toMatchObject({
      code: 'transaction_replaced',
    });
    expect([await dollars(), numbers]).toEqual([1n, [0, 0]]);
  });
});

describe('K16 what is paid for a unit of gas', () => {
  const of = (price: bigint, tip = 1n): GasPrice => ({
    type: 'eip1559',
    maxFeePerGas: price,
    maxPriorityFeePerGas: tip,
  });
  const legacy = (gasPrice: bigint): GasPrice => ({ type: 'legacy', gasPrice });

  it('is half as much again, or the market’s, and 20 times the first price at most', () => {
    expect(raisedPrice(of(100n), of(100n), of(50n))).toEqual(of(151n, 2n));
    expect(raisedPrice(of(100n), of(100n), of(900n, 30n))).toEqual(of(900n, 30n));
    expect(raisedPrice(of(100n), of(100n), of(9_000n))).toMatchObject({ maxFeePerGas: 2_000n });
    expect(raisedPrice(of(1_900n), of(100n), of(9_000n))).toBe(undefined);
    expect(raisedPrice(of(2_000n), of(100n), of(9_000n))).toBe(undefined);
    expect(raisedPrice(legacy(100n), legacy(100n), legacy(10n))).toEqual(legacy(151n));
    let price: GasPrice | undefined = of(100n);
    for (let raises = 0; price; raises++) {
      expect(raises).toBeLessThan(10);
      expect(perGas(price)).toBeLessThanOrEqual(2_000n);
      price = raisedPrice(price, of(100n), of(1n));
    }
  });
});

interface Pooled {
  readonly hash: Hex;
  readonly nonce: Hex;
  readonly input: Hex;
  readonly maxFeePerGas: Hex;
}

/** A connection of the relay's that nobody else's transactions are known to. */
function connect(patienceMs: number): ChainClient {
  return world.connect(world.relayKey, { patienceMs });
}

function mint(amount: bigint) {
  return mintCall(world.deployment.token, payee, amount);
}

function dollars(): Promise<bigint> {
  return readDollars(world.relay, world.deployment.token, payee);
}

async function count(): Promise<number> {
  return Number(await world.ask('eth_getTransactionCount', [world.relay.account, 'latest']));
}

/** What waits, once there are so many; in the order of their numbers. */
function inPool(wanted: number): Promise<Pooled[]> {
  return becomes(async () => {
    const pool = (await world.ask('txpool_content', [])) as Record<
      string,
      Record<string, Record<string, Pooled>>
    >;
    const found = Object.values(pool['pending'] ?? {}).flatMap((one) => Object.values(one));
    return found.length >= wanted ? found.sort((a, b) => Number(a.nonce) - Number(b.nonce)) : undefined;
  });
}

async function becomes<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (let looks = 0; looks < 100; looks++) {
    const found = await look();
    if (found !== undefined) return found;
    await pause(50);
  }
  throw new Error('Waited in vain.');
}

/** Blocks come, of this price, until it is done. */
async function mining<T>(work: Promise<T>, price?: bigint): Promise<T> {
  const over = new AbortController();
  const miner = (async () => {
    while (!over.signal.aborted) {
      if (price) await world.ask('anvil_setNextBlockBaseFeePerGas', [`0x${price.toString(16)}`]);
      await world.mine(1);
      await pause(100);
    }
  })();
  try {
    return await work;
  } finally {
    over.abort();
    await miner;
  }
}
