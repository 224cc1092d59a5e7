import { describe, expect, it } from 'vitest';
import { codeOf, DEPOSIT, openChannel } from './support/open-channel.ts';

describe('K13 a deposit that a reorganisation takes back', () => {
  it('pays for nothing more until it is confirmed anew', async () => {
    const { world, payer, pass, row, send } = await openChannel();
    expect((await send(payer.wallet.voucher(5n))).status).toBe(200);
    const redo = world.chain.undo(payer.wallet.channel);
    world.chain.undo(payer.wallet.channel);
    await pass(3_000);
    const refused = await send(payer.wallet.voucher(6n));
    expect([refused.status, codeOf(refused)]).toEqual([503, 'deposit_unconfirmed']);
    expect(row().accepted).toBe(5n * world.ledger.state.unit);
    redo();
    await pass(4_000);
    expect((await send(payer.wallet.voucher(6n))).status).toBe(200);
    expect(world.paymentEvents.map(({ type }) => type)).toEqual(
      expect.arrayContaining(['depositGone', 'depositBack']),
    );
  });

  it('stops the streams that run, which go on when it is back', async () => {
    const { world, payer, pass } = await openChannel();
    const { answer } = payer.ask('Speak at length.', 3_000);
    await pass(2_000);
    const redo = world.chain.undo(payer.wallet.channel);
    await pass(5_000);
    const stood = answer.text.length;
    await pass(10_000);
    expect([answer.text.length, answer.ended]).toEqual([stood, false]);
    redo();
    await pass(4_000);
    payer.update();
    await pass(2_000);
    expect(answer.text.length).toBeGreaterThan(stood);
  });

  it('of a top-up counts by what is left, and the rest of the channel waits with it', async () => {
    const { world, payer, pass, row, send } = await openChannel();
    payer.topUp(500n);
    await pass(5_000);
    expect((await send(payer.wallet.voucher(DEPOSIT + 5n))).status).toBe(200);
    world.chain.undo(payer.wallet.channel);
    await pass(3_000);
    const refused = await send(payer.wallet.voucher(DEPOSIT + 6n));
    expect([refused.status, codeOf(refused)]).toEqual([503, 'deposit_unconfirmed']);
    expect(row().deposit).toBe((DEPOSIT + 500n) * world.ledger.state.unit);
  });
});
