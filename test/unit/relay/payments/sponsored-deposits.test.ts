import { describe, expect, it } from 'vitest';
import type { OpenChannel } from './support/open-channel.ts';
import { codeOf, DEPOSIT, openChannel } from './support/open-channel.ts';
import type { ChainPort, Mined } from '../../../../src/relay/payments/chain-port.ts';
import { createPaidWorld, type PaidWorld, type PaidWorldOptions } from '../../../../src/sim/paid-world.ts';

/** Two nodes answer in turns; one of them is a block behind. */
function lagInTurns({ chain }: PaidWorld): void {
  const head = chain.head.bind(chain);
  let turn = 0;
  chain.head = async () => {
    const { at, number } = await head();
    return { at, number: number - (turn++ % 2) };
  };
}

/** Of each transaction a copy of somebody else's comes first: the relay's own is mined and does nothing. */
function comeFirst<K extends 'open' | 'topUp'>(chain: ChainPort, name: K): void {
  const send = chain[name].bind(chain) as (order: unknown) => Promise<Mined>;
  chain[name] = async (order: unknown) => {
    // Both in the same block.
    const [, own] = await Promise.all([send(order), send(order)]);
    return own;
  };
}

async function unopened(options: PaidWorldOptions = {}) {
  const world = createPaidWorld(3, options);
  await world.clock.advance(3_000);
  const payer = world.payer();
  return { world, payer, opening: payer.wallet.opening(DEPOSIT, world.clock.now()) };
}

describe('K5 H7 a sponsored opening', () => {
  it('that succeeded is answered so, though the next node to be asked lags behind', async () => {
    const { world, payer, opening } = await unopened();
    lagInTurns(world);
    const answer = payer.send(opening);
    await world.clock.advance(6_000);
    expect([answer.status, codeOf(answer)]).toEqual([200, undefined]);
    expect(world.ledger.state.channels.size).toBe(1);
  });

  it('of which somebody’s copy came first is answered as soon as that is confirmed, by whichever node', async () => {
    const { world, payer, opening } = await unopened();
    lagInTurns(world);
    comeFirst(world.chain, 'open');
    const answer = payer.send(opening);
    await world.clock.advance(6_000);
    expect([answer.status, codeOf(answer)]).toEqual([200, undefined]);
    expect(world.chain.balanceOf(payer.wallet.address)).toBe(1_000_000n - DEPOSIT);
  });

  it('that was confirmed while nobody waited is found by the next try at once', async () => {
    // Deep confirmations, and less patience than they take.
    const { world, payer, opening } = await unopened({
      confirmations: 12,
      payments: { patienceMs: 5_000 },
    });
    const first = payer.send(opening);
    await world.clock.advance(8_000);
    expect([first.status, codeOf(first)]).toEqual([503, 'chain_slow']);
    await world.clock.advance(12_000);
    const again = payer.send(opening);
    await world.clock.advance(2_000);
    expect([again.status, codeOf(again)]).toEqual([200, undefined]);
  });
});

describe('K5 H7 a sponsored top-up', () => {
  const topUp = async ({ pass, payer, world }: OpenChannel) => {
    const answer = payer.topUp(500n);
    await pass(6_000);
    expect([answer.status, codeOf(answer)]).toEqual([200, undefined]);
    expect(JSON.parse(answer.text)).toMatchObject({ deposit: String(DEPOSIT + 500n) });
    expect(world.chain.state(payer.wallet.channel)?.deposit).toBe(DEPOSIT + 500n);
  };

  it('of which somebody’s copy came first is waited for until it is confirmed', async () => {
    const scene = await openChannel();
    comeFirst(scene.world.chain, 'topUp');
    await topUp(scene);
  });

  it('is seen also where the next node to be asked lags behind', async () => {
    const scene = await openChannel();
    lagInTurns(scene.world);
    comeFirst(scene.world.chain, 'topUp');
    await topUp(scene);
  });
});
