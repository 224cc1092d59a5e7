import { secp256k1 } from '@noble/curves/secp256k1.js';
import { describe, expect, it } from 'vitest';
import { concat, fromHex, type Hex, toHex } from '../../../../src/core/bytes.ts';
import { encodeHeader } from '../../../../src/relay/payments/header-json.ts';
import { simRequest } from '../../../../src/sim/sim-agent.ts';
import { challengeIn } from '../../../../src/sim/sim-payer.ts';
import { chat, codeOf, DEPOSIT, openChannel } from './support/open-channel.ts';

/** The same signature with its other, high s: as good to the curve, and refused everywhere (rule R3). */
function highS(signature: Hex): Hex {
  const bytes = fromHex(signature);
  const s = secp256k1.Point.CURVE().n - BigInt(toHex(bytes.slice(32, 64)));
  const flipped = fromHex(s.toString(16).padStart(64, '0'));
  return toHex(concat(bytes.slice(0, 32), flipped, new Uint8Array([55 - (bytes[64] as number)])));
}

describe('M5 H2 H3 a voucher that is not what it should be changes nothing', async () => {
  const { world, payer, row, send } = await openChannel();
  await send(payer.wallet.voucher(50n));
  const stranger = world.payer();
  const { wallet } = payer;
  const channelId = wallet.channel;
  const other = (digit: string): Hex => `0x${digit.repeat(40)}`;
  const fields = (signature: Hex, cumulative = 60n): object => ({
    action: 'voucher',
    channelId,
    cumulativeAmount: String(cumulative),
    signature,
  });

  it.each<[string, object, string, number]>([
    ['forged', fields(toHex(new Uint8Array(65).fill(27))), 'voucher_signature', 402],
    ['for another amount', fields(wallet.sign(59n)), 'voucher_signature', 402],
    ['other signer', fields(stranger.wallet.sign(60n, { channelId })), 'voucher_signature', 402],
    ['wrong chain', fields(wallet.sign(60n, { chainId: 1 })), 'voucher_signature', 402],
    ['wrong contract', fields(wallet.sign(60n, { contract: other('d') })), 'voucher_signature', 402],
    [
      'of another channel',
      fields(wallet.sign(60n, { channelId: `0x${'12'.repeat(32)}` })),
      'voucher_signature',
      402,
    ],
    ['high s', fields(highS(wallet.sign(60n))), 'voucher_signature', 402],
    ['short', fields(wallet.sign(60n).slice(0, -2) as Hex), 'voucher_malformed', 400],
    ['over the deposit', wallet.voucher(DEPOSIT + 1n), 'voucher_over_deposit', 402],
    ['replayed', wallet.voucher(49n), 'voucher_stale', 402],
    ['of a channel that nobody opened', stranger.wallet.voucher(5n), 'channel_unknown', 402],
  ])('%s', async (_name, payload, code, status) => {
    const before = row();
    for (const body of ['', chat('hi', 40)]) {
      const answer = await send(payload, {}, body);
      expect([answer.status, codeOf(answer)]).toEqual([status, code]);
      expect(answer.headers['x-should-retry']).toBe('false');
      expect(answer.headers['www-authenticate']).toMatch(/^Payment id="/);
    }
    expect(row()).toBe(before);
    expect(world.ledger.state.jobs.size).toBe(0);
  });

  it('H2 equal, without a body: no news and no error', async () => {
    const answer = await send(wallet.voucher(50n));
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.text)).toMatchObject({ accepted: '50', voucherSignature: wallet.sign(50n) });
  });

  it('is refused under a challenge that this relay did not make, or that is over', async () => {
    const challenge = challengeIn(
      (await send(stranger.wallet.voucher(1n))).headers['www-authenticate'] ?? '',
    );
    const forged = { ...challenge, expires: '2099-01-01T00:00:00.000Z' };
    for (const [given, code] of [
      [forged, 'challenge_invalid'],
      [challenge, 'challenge_expired'],
    ] as const) {
      if (code === 'challenge_expired') await world.clock.advance(11 * 60_000);
      const authorization = `Payment ${encodeHeader({ challenge: given, payload: wallet.voucher(61n) })}`;
      const refused = simRequest(world.relay, { headers: { authorization } });
      await world.clock.advance(20);
      expect(codeOf(refused)).toBe(code);
    }
  });
});
