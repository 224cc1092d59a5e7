import { describe, expect, it } from 'vitest';
import type { Hex } from '../../../../src/core/bytes.ts';
import { NO_SIGNER } from '../../../../src/protocol/money/voucher.ts';
import { createPaidWorld } from '../../../../src/sim/paid-world.ts';
import { simRequest } from '../../../../src/sim/sim-agent.ts';
import { codeOf, DEPOSIT, openChannel } from './support/open-channel.ts';

interface OpenFields {
  channelId: Hex;
  salt: Hex;
  signature: Hex;
  voucherSignature: Hex;
  authorization: { from: Hex; to: Hex; value: string; validBefore: string; nonce: Hex };
}

/** A world, and an agent that has not opened its channel. */
async function unopened() {
  const world = createPaidWorld(3);
  await world.clock.advance(3_000);
  const payer = world.payer();
  const opening = payer.wallet.opening(1_000n, world.clock.now()) as OpenFields;
  const send = async (payload: object) => {
    const answer = payer.send(payload);
    await world.clock.advance(6_000);
    return answer;
  };
  return { world, payer, opening, send };
}

describe('K5 an opening', () => {
  it('counts only once it is confirmed; until then the channel is pending', async () => {
    const { world, payer, opening } = await unopened();
    const answer = payer.send(opening);
    await world.clock.advance(1_200);
    const path = `/v1/payment/channels/${payer.wallet.channel}`;
    const early = simRequest(world.relay, { method: 'GET', path });
    await world.clock.advance(10);
    expect(JSON.parse(early.text)).toMatchObject({ state: 'pending', deposit: '0' });
    expect(answer.ended).toBe(false);
    await world.clock.advance(2_500);
    expect(JSON.parse(answer.text)).toMatchObject({
      state: 'open',
      deposit: '1000',
      payer: payer.wallet.address,
    });
  });

  it('that is sent twice is one channel, also when somebody else was faster', async () => {
    const { world, payer, opening, send } = await unopened();
    const answers = [payer.send(opening), payer.send(opening)];
    await world.clock.advance(6_000);
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect((await send(opening)).status).toBe(200);
    expect(world.chain.balanceOf(payer.wallet.address)).toBe(1_000_000n - 1_000n);
    expect(world.paymentEvents.filter(({ type }) => type === 'channelOpened')).toHaveLength(1);
  });

  it.each<[string, (fields: OpenFields, stranger: Hex) => object, string]>([
    [
      'of another channel',
      (fields) => ({ ...fields, channelId: `0x${'ab'.repeat(32)}` }),
      'voucher_wrong_channel',
    ],
    ['with another salt', (fields) => ({ ...fields, salt: `0x${'ab'.repeat(32)}` }), 'voucher_wrong_channel'],
    [
      'whose voucher is forged',
      (fields) => ({ ...fields, voucherSignature: fields.signature }),
      'voucher_signature',
    ],
    [
      'not signed by the payer',
      (fields) => ({ ...fields, signature: fields.voucherSignature }),
      'open_failed',
    ],
    [
      'for another escrow',
      (fields, to) => ({ ...fields, authorization: { ...fields.authorization, to } }),
      'open_failed',
    ],
    [
      'with a nonce of its own',
      (fields) => ({ ...fields, authorization: { ...fields.authorization, nonce: `0x${'00'.repeat(32)}` } }),
      'open_failed',
    ],
    [
      'that is over',
      (fields) => ({ ...fields, authorization: { ...fields.authorization, validBefore: '1' } }),
      'open_failed',
    ],
    [
      'too small',
      (fields) => ({ ...fields, authorization: { ...fields.authorization, value: '99' } }),
      'deposit_too_small',
    ],
  ])('H7 %s costs the relay no gas', async (_name, change, code) => {
    const { world, opening, send } = await unopened();
    const answer = await send(change(opening, `0x${'ee'.repeat(20)}`));
    expect([answer.status, codeOf(answer)]).toEqual([402, code]);
    expect(world.ledger.state.channels.size).toBe(0);
    expect(world.chain.balanceOf(world.terms.escrow)).toBe(0n);
  });

  it('by a transaction of the payer itself is waited for and read from the chain', async () => {
    const { world, payer, opening, send } = await unopened();
    const { authorization, salt, signature, channelId } = opening;
    const seconds = { validAfter: 0n, validBefore: BigInt(authorization.validBefore) };
    const sent = world.chain.open({
      channel: channelId,
      salt,
      authorizedSigner: NO_SIGNER,
      authorization: { ...authorization, value: 1_000n, ...seconds },
      signature,
    });
    await world.clock.advance(1_000);
    const { hash } = await sent;
    const answer = await send(payer.wallet.openedBy(hash));
    expect(JSON.parse(answer.text)).toMatchObject({ state: 'open', deposit: '1000' });
    const unknown = payer.send(world.payer().wallet.openedBy(hash));
    await world.clock.advance(5_000);
    expect(codeOf(unknown)).toBe('open_failed');
  });

  it('without the money says what the contract said', async () => {
    const { world, payer, opening, send } = await unopened();
    world.chain.balances.set(payer.wallet.address, 0n);
    const answer = await send(opening);
    expect(codeOf(answer)).toBe('open_failed');
    expect(answer.text).toContain('ERC20InsufficientBalance');
  });
});

describe('a top-up', () => {
  it('raises what vouchers may reach', async () => {
    const { world, payer, send, row, pass } = await openChannel();
    expect(codeOf(await send(payer.wallet.voucher(DEPOSIT + 5n)))).toBe('voucher_over_deposit');
    const answer = payer.topUp(500n);
    await pass(5_000);
    expect(JSON.parse(answer.text)).toMatchObject({ deposit: String(DEPOSIT + 500n), state: 'open' });
    expect((await send(payer.wallet.voucher(DEPOSIT + 5n))).status).toBe(200);
    expect(row().deposit).toBe((DEPOSIT + 500n) * world.ledger.state.unit);
  });
});

describe('what anybody may read', () => {
  it('the terms, a channel, and 404 for one that is not there', async () => {
    const { world, payer, pass } = await openChannel();
    const get = async (path: string) => {
      const answer = simRequest(world.relay, { method: 'GET', path });
      await pass(10);
      return answer;
    };
    expect(JSON.parse((await get('/v1/payment')).text)).toMatchObject({
      relay: world.terms.relay,
      payee: world.terms.relay,
      unit: '1000000',
      chunkTokens: 32,
      feePayer: true,
      prices: { sim: { out: '1000000', prompt: '200000' } },
    });
    const status = await get(`/v1/payment/channels/${payer.wallet.channel}`);
    expect(JSON.parse(status.text)).toMatchObject({ state: 'open', accepted: '0', voucherSignature: null });
    const missing = await get(`/v1/payment/channels/0x${'00'.repeat(32)}`);
    expect([missing.status, codeOf(missing)]).toEqual([404, 'channel_unknown']);
  });

  it('the faucet gives once in ten seconds', async () => {
    const { world, pass } = await openChannel();
    const address = `0x${'dd'.repeat(20)}`;
    const body = JSON.stringify({ address });
    const first = simRequest(world.relay, { path: '/v1/faucet', body });
    await pass(2_000);
    const second = simRequest(world.relay, { path: '/v1/faucet', body });
    await pass(2_000);
    expect(JSON.parse(first.text)).toMatchObject({ amount: '1000000' });
    expect(world.chain.balanceOf(address as Hex)).toBe(1_000_000n);
    expect([second.status, codeOf(second)]).toEqual([429, 'faucet_limit']);
  });
});
