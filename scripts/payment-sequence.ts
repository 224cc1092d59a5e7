/**
 * Ten thousand drawn channels and hubs as this code names, hashes and signs them, folded into one running hash. The
 * contracts draw the same from the same counter (`contracts/test/Differential.t.sol`) and must come to the same hashes.
 */
import { keccak_256 } from '@noble/hashes/sha3.js';
import { concat, fromHex, type Hex, toHex, utf8 } from '../src/core/bytes.ts';
import { openNonce, topUpNonce } from '../src/protocol/money/authorization.ts';
import { hubIdOf, payoutDigester, payoutToDigester } from '../src/protocol/money/payout.ts';
import { addressOf, signDigest } from '../src/protocol/money/signature.ts';
import {
  channelIdOf,
  closeRequestDigester,
  NO_SIGNER,
  voucherDigester,
} from '../src/protocol/money/voucher.ts';

/** Each group has a chain, a channel contract, a hub and keys of its own. */
export const GROUPS = 100;
export const CASES_PER_GROUP = 100;

/** Draws of a group, then of each of its cases: far more than either takes. */
const DRAWS = 32;

/** The running hash after each case of a group, in the order in which both sides fold. */
export function foldGroup(group: number): Hex {
  const place = drawsFrom(group * DRAWS * (CASES_PER_GROUP + 1));
  const chainId = 1 + Number(place.number() % 2n ** 40n);
  const channel = { chainId, contract: place.address() };
  const hub = { chainId, contract: place.address() };
  const [token, owner, signerKey] = [place.address(), place.address(), place.key()];
  const [payerKey, namedKey] = [place.key(), place.key()];
  const [payer, named] = [addressOf(payerKey), addressOf(namedKey)];
  const hubId = hubIdOf({ token, owner, signer: addressOf(signerKey) }, hub);
  const digests = {
    voucher: voucherDigester(channel),
    closeRequest: closeRequestDigester(channel),
    payout: payoutDigester(hubId, hub),
    payoutTo: payoutToDigester(hub),
  };
  let running = hubId;
  for (let i = 0; i < CASES_PER_GROUP; i++) {
    const draw = drawsFrom((group * (CASES_PER_GROUP + 1) + i + 1) * DRAWS);
    const isNamed = draw.number() % 2n === 0n;
    const parts = {
      payer,
      payee: draw.address(),
      token,
      salt: draw.word(),
      authorizedSigner: isNamed ? named : NO_SIGNER,
    };
    const channelId = channelIdOf(parts, channel);
    const cumulativeAmount = draw.amount();
    const topUp = topUpNonce(channelId, draw.amount(), { from: parts.payer, salt: draw.word() });
    const voucher = digests.voucher({ channelId, cumulativeAmount });
    const cancelled = Number(draw.number() % 256n);
    const close = digests.closeRequest({ channelId, cancelled, deadline: draw.number() });
    const payout = digests.payout({ payee: parts.payee, cumulativeAmount: draw.amount() });
    const instruction = digests.payoutTo({
      payee: parts.payee,
      to: draw.address(),
      minCumulative: draw.amount(),
      maxFee: draw.amount(),
      nonce: draw.number(),
      deadline: draw.number(),
    });
    running = fold([
      running,
      channelId,
      openNonce(parts),
      topUp,
      voucher,
      close,
      payout,
      instruction,
      // Signing is most of the time: one signature a case.
      i % 2 === 0 ? signDigest(voucher, isNamed ? namedKey : payerKey) : signDigest(payout, signerKey),
    ]);
  }
  return running;
}

function fold(parts: readonly Hex[]): Hex {
  return toHex(keccak_256(concat(...parts.map(fromHex))));
}

/** The counter's draws from a start on: 32 bytes each, keccak256("afterglow/differential", counter). */
function drawsFrom(start: number) {
  let at = start;
  const bytes = (): Uint8Array => {
    const counter = new Uint8Array(32);
    new DataView(counter.buffer).setBigUint64(24, BigInt(at++));
    return keccak_256(concat(utf8('afterglow/differential'), counter));
  };
  const word = (): Hex => toHex(bytes());
  const number = (): bigint => BigInt(word());
  return {
    word,
    number,
    address: (): Hex => toHex(bytes().slice(12)),
    /** Never zero nor above the curve's order: one draw in 2^128 would be, and none of these is. */
    key: bytes,
    /** Of any size up to 2^128. */
    amount: (): bigint => (number() % 2n ** 128n) >> (number() % 128n),
  };
}
