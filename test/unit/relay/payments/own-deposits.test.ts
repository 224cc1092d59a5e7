import { describe, expect, it } from 'vitest';
import { type Hex, toHex } from '../../../../src/core/bytes.ts';
import { CodedError } from '../../../../src/core/errors.ts';
import { NO_SIGNER } from '../../../../src/protocol/money/voucher.ts';
import type { Mined } from '../../../../src/relay/payments/chain-port.ts';
import { createPaidWorld, type PaidWorld } from '../../../../src/sim/paid-world.ts';
import type { SimPayer } from '../../../../src/sim/sim-payer.ts';
import { codeOf, DEPOSIT, openChannel } from './support/open-channel.ts';

/** A world, and how often its chain was asked after somebody's transaction. */
async function counted() {
  const world = createPaidWorld(5);
  await world.clock.advance(3_000);
  let questions = 0;
  const depositsOf = world.chain.depositsOf.bind(world.chain);
  world.chain.depositsOf = (hash) => {
    questions++;
    return depositsOf(hash);
  };
  return { world, asked: () => questions };
}

const authorization = (from: Hex, value: bigint, nonce: Hex) => ({
  from,
  to: from,
  value,
  nonce,
  validAfter: 0n,
  validBefore: 0n,
});

/** The payer opens its channel by itself. */
function sendOpening(world: PaidWorld, { wallet }: SimPayer, value: bigint): Promise<Mined> {
  const nonce = toHex(world.random.bytes(32));
  const named = { channel: wallet.channel, salt: wallet.salt, authorizedSigner: NO_SIGNER };
  return world.chain.open({
    ...named,
    authorization: authorization(wallet.address, value, nonce),
    signature: '0x',
  });
}

/** The same, until it is in a block. @returns the transaction */
async function openByItself(world: PaidWorld, payer: SimPayer, value: bigint): Promise<Hex> {
  const sent = sendOpening(world, payer, value);
  await world.clock.advance(1_000);
  return (await sent).hash;
}

describe('K14 H10 an opening by the agent’s own transaction', () => {
  it.each<[string, (world: PaidWorld, hash: Hex) => Hex]>([
    ['that failed', (world) => world.chain.fail()],
    ['that opened another channel', (_, hash) => hash],
  ])('%s is refused at once, and asked after once', async (_name, choose) => {
    const { world, asked } = await counted();
    const hash = await openByItself(world, world.payer(), 1_000n);
    const answer = world.payer().send(world.payer().wallet.openedBy(choose(world, hash)));
    await world.clock.advance(50);
    expect([answer.status, codeOf(answer), asked()]).toEqual([402, 'open_failed', 1]);
    await world.clock.advance(10_000);
    expect(asked()).toBe(1);
  });

  it('of a channel whose id or voucher is not the payer’s is refused before the chain is asked', async () => {
    const { world, asked } = await counted();
    const payer = world.payer();
    const hash = await openByItself(world, payer, 1_000n);
    const fields = payer.wallet.openedBy(hash);
    const others = { ...fields, channelId: world.payer().wallet.channel };
    const forged = { ...fields, signature: world.payer().wallet.sign(0n) };
    const answers = [payer.send(others), payer.send(forged)];
    await world.clock.advance(50);
    expect(answers.map(codeOf)).toEqual(['voucher_wrong_channel', 'voucher_wrong_channel']);
    expect(asked()).toBe(0);
  });

  it('that is too small never gets into the ledger', async () => {
    const { world } = await counted();
    const payer = world.payer();
    const hash = await openByItself(world, payer, world.terms.minDeposit - 1n);
    const answer = payer.send(payer.wallet.openedBy(hash));
    await world.clock.advance(5_000);
    expect(codeOf(answer)).toBe('deposit_too_small');
    expect(world.ledger.state.channels.size).toBe(0);
  });

  it('K13 counts where a node refuses a block that it has not got, and the next one has it', async () => {
    const { world } = await counted();
    const payer = world.payer();
    const hash = await openByItself(world, payer, 1_000n);
    const read = world.chain.channel.bind(world.chain);
    let asked = 0;
    world.chain.channel = async (id, block) => {
      if (asked++ % 2 === 0) throw new CodedError('chain_refused', 'header not found');
      return read(id, block);
    };
    const answer = payer.send(payer.wallet.openedBy(hash));
    await world.clock.advance(5_000);
    expect([answer.status, codeOf(answer)]).toEqual([200, undefined]);
  });

  it('that is in no block yet is waited for, some at once and no more', async () => {
    const { world, asked } = await counted();
    const answers = Array.from({ length: 40 }, () => {
      const payer = world.payer();
      return payer.send(payer.wallet.openedBy(toHex(world.random.bytes(32))));
    });
    await world.clock.advance(100);
    const refused = answers.filter(({ ended }) => ended);
    expect(refused).toHaveLength(32);
    expect(new Set(refused.map((answer) => `${answer.status} ${codeOf(answer)}`))).toEqual(
      new Set(['429 too_many_waiting']),
    );
    const before = asked();
    await world.clock.advance(10_000);
    expect(asked() - before).toBeLessThanOrEqual(80);
    // Whose waiting is over makes room.
    await world.clock.advance(120_000);
    expect(answers.filter((answer) => codeOf(answer) === 'chain_slow')).toHaveLength(8);
    const late = world.payer();
    const answer = late.send(late.wallet.openedBy(toHex(world.random.bytes(32))));
    await world.clock.advance(100);
    expect(answer.ended).toBe(false);
  });
});

describe('H10 what is waited for', () => {
  it('is at most 64 in all, whoever asks', async () => {
    const { world } = await counted();
    const answers = Array.from({ length: 100 }, (_, at) => {
      const payer = world.payer();
      const unmined = payer.wallet.openedBy(toHex(world.random.bytes(32)));
      return payer.send(unmined, { ip: `10.0.0.${at}` });
    });
    await world.clock.advance(100);
    expect(answers.filter((answer) => answer.ended && codeOf(answer) === 'too_many_waiting')).toHaveLength(
      36,
    );
    expect(answers.filter(({ ended }) => !ended)).toHaveLength(64);
  });

  it('counts also while it is not deep enough in its block, and all of it asks after one newest block', async () => {
    const world = createPaidWorld(5, { confirmations: 12 });
    await world.clock.advance(3_000);
    const payers = Array.from({ length: 12 }, () => world.payer());
    const hashes = Promise.all(
      payers.map((payer) => sendOpening(world, payer, 1_000n).then(({ hash }) => hash)),
    );
    await world.clock.advance(1_000);
    const mined = await hashes;
    const answers = payers.map((payer, at) => payer.send(payer.wallet.openedBy(mined[at] as Hex)));
    await world.clock.advance(100);
    expect(answers.filter(({ ended }) => ended).map(codeOf)).toEqual(
      Array.from({ length: 4 }, () => 'too_many_waiting'),
    );
    let questions = 0;
    const head = world.chain.head.bind(world.chain);
    world.chain.head = () => {
      questions++;
      return head();
    };
    await world.clock.advance(4_000);
    // Four a second for all that wait, and the watch's own.
    expect(questions).toBeLessThanOrEqual(4 * 4 + 3);
    await world.clock.advance(15_000);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(8);
  });
});

describe('K14 H10 a top-up by the agent’s own transaction', () => {
  it('counts where it is of this channel and by this amount, and else is refused at once', async () => {
    const { world, payer, pass, row, send } = await openChannel();
    const { channel, address } = payer.wallet;
    const nonce = toHex(world.random.bytes(32));
    const salt = nonce;
    const sent = world.chain.topUp({
      channel,
      salt,
      authorization: authorization(address, 500n, nonce),
      signature: '0x',
    });
    await pass(1_000);
    const { hash } = await sent;
    const wrong = await send(payer.wallet.toppedUpBy(hash, 501n));
    expect([wrong.status, codeOf(wrong)]).toEqual([402, 'top_up_failed']);
    const failed = await send(payer.wallet.toppedUpBy(world.chain.fail(), 500n));
    expect([failed.status, codeOf(failed)]).toEqual([402, 'top_up_failed']);
    const right = payer.send(payer.wallet.toppedUpBy(hash, 500n));
    await pass(3_000);
    expect(right.status).toBe(200);
    expect(row().deposit).toBe((DEPOSIT + 500n) * world.ledger.state.unit);
  });

  it('that strangers show again and again is looked at and booked once', async () => {
    const { world, payer, pass, row } = await openChannel();
    const { channel, address } = payer.wallet;
    const nonce = toHex(world.random.bytes(32));
    const sent = world.chain.topUp({
      channel,
      salt: nonce,
      authorization: authorization(address, 500n, nonce),
      signature: '0x',
    });
    await pass(1_000);
    const { hash } = await sent;
    let questions = 0;
    let readings = 0;
    const depositsOf = world.chain.depositsOf.bind(world.chain);
    const read = world.chain.channel.bind(world.chain);
    world.chain.depositsOf = (of) => {
      questions++;
      return depositsOf(of);
    };
    world.chain.channel = (id, block) => {
      readings++;
      return read(id, block);
    };
    const stranger = world.payer();
    const show = () =>
      Array.from({ length: 20 }, (_, at) =>
        stranger.send(payer.wallet.toppedUpBy(hash, 500n), { ip: `10.0.0.${at}` }),
      );
    const first = show();
    await pass(3_000);
    expect(new Set(first.map(({ status }) => status))).toEqual(new Set([200]));
    expect(questions).toBe(1);
    expect(row().deposit).toBe((DEPOSIT + 500n) * world.ledger.state.unit);
    readings = 0;
    const again = show();
    await pass(100);
    expect(new Set(again.map(({ status }) => status))).toEqual(new Set([200]));
    expect([questions, readings]).toEqual([1, 0]);
    // Another amount is another claim.
    const wrong = stranger.send(payer.wallet.toppedUpBy(hash, 501n));
    await pass(100);
    expect(codeOf(wrong)).toBe('top_up_failed');
  });
});
