import { type Hex, toHex } from '../core/bytes.ts';
import type { Random } from '../core/random.ts';
import { openNonce, receiveDigester, topUpNonce } from '../protocol/money/authorization.ts';
import { addressOf, signDigest } from '../protocol/money/signature.ts';
import { channelIdOf, NO_SIGNER, voucherDigester } from '../protocol/money/voucher.ts';
import type { PaymentTerms } from '../relay/payments/payment-terms.ts';

/** A key that signs whatever a paying agent of the simulation shows; wrong things too, for those who ask. */
export class SimWallet {
  readonly address: Hex;
  readonly salt: Hex;
  readonly channel: Hex;
  readonly #key: Uint8Array;
  readonly #terms: PaymentTerms;

  constructor(random: Random, terms: PaymentTerms) {
    this.#key = random.bytes(32);
    this.#terms = terms;
    this.address = addressOf(this.#key);
    this.salt = toHex(random.bytes(32));
    this.channel = channelIdOf(this.#parts, { chainId: terms.chainId, contract: terms.escrow });
  }

  get #parts() {
    const { relay, token } = this.#terms;
    return { payer: this.address, payee: relay, token, salt: this.salt, authorizedSigner: NO_SIGNER };
  }

  /** @param place another chain or contract than the channel's is a forgery */
  sign(cumulative: bigint, place: Partial<{ chainId: number; contract: Hex; channelId: Hex }> = {}): Hex {
    const { chainId = this.#terms.chainId, channelId = this.channel, contract = this.#terms.escrow } = place;
    const digest = voucherDigester({ chainId, contract })({ channelId, cumulativeAmount: cumulative });
    return signDigest(digest, this.#key);
  }

  voucher(cumulative: bigint, action: 'voucher' | 'close' = 'voucher'): object {
    const signature = this.sign(cumulative);
    return { action, channelId: this.channel, cumulativeAmount: String(cumulative), signature };
  }

  opening(deposit: bigint, now: number): object {
    const { authorization, signature } = this.#authorize(deposit, openNonce(this.#parts), now);
    return {
      action: 'open',
      type: 'authorization',
      channelId: this.channel,
      salt: this.salt,
      authorization,
      signature,
      cumulativeAmount: '0',
      voucherSignature: this.sign(0n),
    };
  }

  /** For a channel that was opened by a transaction of its own. */
  openedBy(hash: Hex): object {
    const fields = { action: 'open', type: 'hash', channelId: this.channel, salt: this.salt, hash };
    return { ...fields, cumulativeAmount: '0', signature: this.sign(0n) };
  }

  /** A top-up that a transaction of its own made. */
  toppedUpBy(hash: Hex, amount: bigint): object {
    return {
      action: 'topUp',
      type: 'hash',
      channelId: this.channel,
      additionalDeposit: String(amount),
      hash,
    };
  }

  topUp(amount: bigint, random: Random, now: number): object {
    const salt = toHex(random.bytes(32));
    const nonce = topUpNonce(this.channel, amount, { from: this.address, salt });
    const { authorization, signature } = this.#authorize(amount, nonce, now);
    const fields = { channelId: this.channel, additionalDeposit: String(amount), salt };
    return { action: 'topUp', type: 'authorization', ...fields, authorization, signature };
  }

  #authorize(value: bigint, nonce: Hex, now: number): { authorization: object; signature: Hex } {
    const { chainId, escrow, token, tokenName: name, tokenVersion: version } = this.#terms;
    const validBefore = BigInt(Math.floor(now / 1000) + 600);
    const times = { validAfter: 0n, validBefore };
    const values = { from: this.address, to: escrow, value, nonce, ...times };
    const digest = receiveDigester({ name, version, chainId: BigInt(chainId), verifyingContract: token })(
      values,
    );
    const authorization = {
      ...values,
      value: String(value),
      validAfter: '0',
      validBefore: String(validBefore),
    };
    return { authorization, signature: signDigest(digest, this.#key) };
  }
}
