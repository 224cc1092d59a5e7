import { expect, it } from 'vitest';
import { type Hex, toHex } from '../../../../src/core/bytes.ts';
import { CodedError } from '../../../../src/core/errors.ts';
import { codeOf, openChannel } from './support/open-channel.ts';

it('K13 H3 a relay that starts accepts nothing before it read every open channel, however fresh the newest block', async () => {
  const { world, payer, pass, send } = await openChannel();
  const read = world.chain.channel.bind(world.chain);
  world.chain.channel = async () => {
    throw new CodedError('chain_refused', 'Not now.');
  };
  world.restart();
  await pass(10_000);
  const refused = await send(payer.wallet.voucher(5n));
  expect([refused.status, codeOf(refused)]).toEqual([503, 'chain_blind']);
  world.chain.channel = read;
  await pass(5_000);
  expect((await send(payer.wallet.voucher(5n))).status).toBe(200);
});

it('K13 H8 a request to close whose event no node tells is seen all the same, within a sixth of the grace period', async () => {
  const { world, payer, pass, row } = await openChannel();
  world.chain.changes = async () => [];
  void world.chain.requestClose(payer.wallet.channel);
  const { closeGraceSeconds } = world.terms;
  await pass(1_000 + (closeGraceSeconds * 1_000) / 6);
  expect(row().closeRequestedAt).toBeGreaterThan(0);
});

it('K13 thousands of events about channels that are nobody’s here cost no question each', async () => {
  const { world, payer, pass, row } = await openChannel();
  const asked = new Set<Hex>();
  const read = world.chain.channel.bind(world.chain);
  world.chain.channel = (id, block) => {
    asked.add(id);
    return read(id, block);
  };
  const changes = world.chain.changes.bind(world.chain);
  world.chain.changes = async (from, to) => [
    ...(await changes(from, to)),
    ...Array.from({ length: 5_000 }, (_, at) => ({
      channel: toHex(world.random.bytes(32)),
      block: to,
      mark: `spam/${to}/${at}`,
    })),
  ];
  await pass(5_000);
  void world.chain.requestClose(payer.wallet.channel);
  await pass(4_000);
  expect([...asked]).toEqual([payer.wallet.channel]);
  expect(row().closeRequestedAt).toBeGreaterThan(0);
  expect(world.ledger.state.channels.size).toBe(1);
});

it('K13 H3 a relay is blind after half the grace period at the latest, whatever it was told', async () => {
  const { world, payer, pass, send } = await openChannel();
  const half = (world.terms.closeGraceSeconds * 1_000) / 2;
  world.chain.down = true;
  await pass(half - 4_000);
  expect((await send(payer.wallet.voucher(5n))).status).toBe(200);
  await pass(5_000);
  expect(codeOf(await send(payer.wallet.voucher(6n)))).toBe('chain_blind');
});

it('K13 a node that errs about the newest block once blinds the relay no longer than the limit', async () => {
  const { world, payer, pass, send } = await openChannel({ payments: { blindMs: 20_000 } });
  const head = world.chain.head.bind(world.chain);
  world.chain.head = async () => ({ ...(await head()), number: 1_000_000 });
  await pass(3_000);
  world.chain.head = head;
  await pass(30_000);
  expect((await send(payer.wallet.voucher(5n))).status).toBe(200);
  void world.chain.requestClose(payer.wallet.channel);
  await pass(4_000);
  expect(codeOf(await send(payer.wallet.voucher(6n)))).toBe('channel_closing');
});
