/**
 * Ten thousand drawn channels and hubs as this code names, hashes and signs them, folded into one running hash. The
 * contracts draw the same from the same counter (`contracts/test/Differential.t.sol`) and must come to the same hashes,
 * accept each good signature and refuse each spoiled one, as this code does.
 */
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { concat, fromHex, type Hex, toHex, utf8 } from '../src/core/bytes.ts';
import { CodedError } from '../src/core/errors.ts';
import { openNonce, topUpNonce } from '../src/protocol/money/authorization.ts';
import { hubIdOf, payoutDigester, payoutToDigester } from '../src/protocol/money/payout.ts';
import { addressOf, type Recover, signDigest } from '../src/protocol/money/signature.ts';
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

/** Which of a case's digests is signed: one way after the other. The contracts take the last three as rows. */
const WAYS = ['settle', 'requestClose', 'redeem', 'redeemTo', 'settleMany'] as const;

/**
 * The running hash after the cases of a group, in the order in which both sides fold.
 * @param recover finds out who signed; @throws Error where it takes a spoiled signature, or refuses a good one
 */
export function foldGroup(group: number, recover: Recover): Hex {
  const place = drawsFrom(group * DRAWS * (CASES_PER_GROUP + 1));
  const chainId = 1 + Number(place.number() % 2n ** 40n);
  const channel = { chainId, contract: place.address() };
  const hub = { chainId, contract: place.address() };
  const [token, owner, signerKey] = [place.address(), place.address(), place.key()];
  const [payerKey, namedKey] = [place.key(), place.key()];
  const [payer, named, signer] = [addressOf(payerKey), addressOf(namedKey), addressOf(signerKey)];
  const hubId = hubIdOf({ token, owner, signer }, hub);
  const digests = {
    voucher: voucherDigester(channel),
    closeRequest: closeRequestDigester(channel),
    payout: payoutDigester(hubId, hub),
    payoutTo: payoutToDigester(hub),
  };
  let running = hubId;
  for (let i = 0; i < CASES_PER_GROUP; i++) {
    const draw = drawsFrom((group * (CASES_PER_GROUP + 1) + i + 1) * DRAWS);
    const way = WAYS[i % WAYS.length] as (typeof WAYS)[number];
    const isNamed = draw.number() % 2n === 0n;
    const payeeKey = draw.key();
    const parts = {
      payer,
      // Only who instructs needs a key.
      payee: way === 'redeemTo' ? addressOf(payeeKey) : toHex(payeeKey.slice(12)),
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
    const payoutAmount = draw.amount();
    const payout = digests.payout({ payee: parts.payee, cumulativeAmount: payoutAmount });
    const instruction = digests.payoutTo({
      payee: parts.payee,
      to: draw.address(),
      minCumulative: draw.amount() % (payoutAmount + 1n),
      maxFee: draw.amount(),
      nonce: draw.number(),
      deadline: draw.number(),
    });
    const byVoucher = isNamed ? ([voucher, namedKey, named] as const) : ([voucher, payerKey, payer] as const);
    const [digest, key, by] = {
      settle: byVoucher,
      settleMany: byVoucher,
      requestClose: [close, payerKey, payer] as const,
      redeem: [payout, signerKey, signer] as const,
      redeemTo: [instruction, payeeKey, parts.payee] as const,
    }[way];
    // Signing is most of the time: one digest a case.
    const good = signDigest(digest, key);
    const isRow = way !== 'settle' && way !== 'requestClose';
    const bad = spoil(good, { form: Number(draw.number() % (isRow ? 9n : 13n)), drawn: draw.key(), digest });
    if (recover(digest, good) !== by) throw new Error(`${way}: a good signature is refused`);
    if (isBy(by, digest, bad, recover)) throw new Error(`${way}: a spoiled signature is taken`);
    running = fold([
      running,
      channelId,
      openNonce(parts),
      topUp,
      voucher,
      close,
      payout,
      instruction,
      good,
      bad,
    ]);
  }
  return running;
}

/** As the relay asks: who signed, or nobody. */
function isBy(signer: Hex, digest: Hex, signature: Hex, recover: Recover): boolean {
  try {
    return recover(digest, signature) === signer;
  } catch (error) {
    if (error instanceof CodedError && error.code === 'signature_malformed') return false;
    throw error;
  }
}

/** What a good signature is made into. The forms after the ninth have another length. */
function spoil(good: Hex, { form, drawn, digest }: { form: number; drawn: Uint8Array; digest: Hex }): Hex {
  const bytes = fromHex(good);
  const [r, s, v] = [bytes.slice(0, 32), bytes.slice(32, 64), bytes[64] as number];
  const zero = new Uint8Array(32);
  const high = fromHex(`0x${(secp256k1.Point.CURVE().n - BigInt(toHex(s))).toString(16).padStart(64, '0')}`);
  const join = (...some: (Uint8Array | number)[]): Hex =>
    toHex(concat(...some.map((part) => (typeof part === 'number' ? new Uint8Array([part]) : part))));
  const otherV = 55 - v;
  const flipped = (word: Uint8Array): Uint8Array => {
    const bit = drawn[31] as number;
    return word.map((byte, at) => (at === 31 - (bit >> 3) ? byte ^ (1 << (bit & 7)) : byte));
  };
  const forms = [
    () => join(r, high, otherV),
    () => join(r, high, v),
    () => join(r, s, v - 27),
    () => join(r, s, 29),
    () => join(r, s, otherV),
    () => ((drawn[30] as number) % 2 === 0 ? join(flipped(r), s, v) : join(r, flipped(s), v)),
    () => signDigest(digest, drawn),
    () => join(zero, s, v),
    () => join(r, zero, v),
    () => join(r, s),
    () => join(bytes, 0),
    () => join(),
    // EIP-2098.
    () => join(r, new Uint8Array([(s[0] as number) | ((v - 27) << 7), ...s.slice(1)])),
  ];
  return (forms[form] as () => Hex)();
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
    /** Of any size below 2^128, and never nothing. */
    amount: (): bigint => (number() % 2n ** 128n) >> (number() % 128n) || 1n,
  };
}
