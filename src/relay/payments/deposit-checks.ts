import type { Hex } from '../../core/bytes.ts';
import type { Clock } from '../../core/clock.ts';
import { CodedError } from '../../core/errors.ts';
import { receiveDigester } from '../../protocol/money/authorization.ts';
import type { Recover } from '../../protocol/money/signature.ts';
import { channelIdOf, NO_SIGNER } from '../../protocol/money/voucher.ts';
import type { DepositAuthorization, OpenPayload } from './credential.ts';
import { voucherOf } from './credential.ts';
import type { PaymentTerms } from './payment-terms.ts';
import type { VoucherIntake } from './voucher-intake.ts';

export interface DepositChecksParts {
  readonly clock: Clock;
  readonly intake: VoucherIntake;
  readonly recover: Recover;
  readonly terms: PaymentTerms;
}

/** What can be said of a deposit without asking the chain (rules H7, H9, H10). */
export interface DepositChecks {
  /** @param code of what is wrong with it @throws CodedError `authorization_unsupported`, and `code` */
  checkAuthorization(
    signed: { authorization: DepositAuthorization; signature: Hex },
    nonce: Hex,
    code: string,
  ): void;
  /**
   * The payload's id, payer, signer and first voucher fit each other. @returns who signs vouchers
   * @throws CodedError `voucher_wrong_channel`, `voucher_signature`
   */
  checkOpening(payload: OpenPayload, payer: Hex): Hex;
  /** @param deposit base units @throws CodedError `deposit_too_small` */
  checkDeposit(deposit: bigint): void;
  /**
   * Who opened it, by its own word or its voucher; the channel's id tells whether that is so.
   * @throws CodedError `voucher_signature`, `voucher_malformed`
   */
  payerOf(payload: OwnOpening): Hex;
}

/** An opening by a transaction of the agent's own. */
export type OwnOpening = Extract<OpenPayload, { type: 'hash' }>;

export function createDepositChecks({ clock, intake, recover, terms }: DepositChecksParts): DepositChecks {
  const { chainId, escrow, relay, token } = terms;
  const digestOf = receiveDigester({
    name: terms.tokenName,
    version: terms.tokenVersion,
    chainId: BigInt(chainId),
    verifyingContract: token,
  });

  function checkAuthorization(
    { authorization, signature }: { authorization: DepositAuthorization; signature: Hex },
    nonce: Hex,
    code: string,
  ): void {
    if (!terms.feePayer) {
      const message = 'This relay submits no authorizations: open and top up by a transaction of your own.';
      throw new CodedError('authorization_unsupported', message, { token });
    }
    const { from, to, validBefore, nonce: given } = authorization;
    const fault = (message: string): CodedError => new CodedError(code, message);
    if (to !== escrow) throw fault('The authorization is not for the escrow of this relay.');
    if (given !== nonce) throw fault("The authorization's nonce is not the one of this deposit.");
    if (validBefore * 1000n <= BigInt(clock.now())) throw fault('The authorization is no longer valid.');
    if (signerOf(digestOf(authorization), signature) !== from)
      throw fault('The authorization is not signed by the account that it takes from.');
  }

  function signerOf(digest: Hex, signature: Hex): Hex | undefined {
    try {
      return recover(digest, signature);
    } catch (error) {
      if (error instanceof CodedError) return undefined;
      throw error;
    }
  }

  function checkOpening(payload: OpenPayload, payer: Hex): Hex {
    const authorizedSigner = payload.authorizedSigner ?? NO_SIGNER;
    const named = { payer, payee: relay, token, salt: payload.salt, authorizedSigner };
    if (channelIdOf(named, { chainId, contract: escrow }) !== payload.channelId) {
      const message = 'The channel id is not that of a channel from this payer to this relay.';
      throw new CodedError('voucher_wrong_channel', message);
    }
    const signer = authorizedSigner === NO_SIGNER ? payer : authorizedSigner;
    const voucher = voucherOf(payload);
    if (!voucher || !intake.isSignedBy(signer, voucher))
      throw new CodedError('voucher_signature', "The first voucher is not signed by the channel's signer.");
    return signer;
  }

  function checkDeposit(deposit: bigint): void {
    if (deposit >= terms.minDeposit) return;
    const minDeposit = String(terms.minDeposit);
    const message = `The deposit must be at least ${minDeposit} base units.`;
    throw new CodedError('deposit_too_small', message, { minDeposit });
  }

  function payerOf(payload: OwnOpening): Hex {
    const isSigner = (payload.authorizedSigner ?? NO_SIGNER) === NO_SIGNER;
    const voucher = voucherOf(payload);
    const payer = payload.payer ?? (isSigner && voucher ? intake.signerOf(voucher) : undefined);
    if (payer !== undefined) return payer;
    if (isSigner) throw new CodedError('voucher_signature', 'The first voucher is not signed.');
    const message = 'An opening by a transaction whose vouchers somebody else signs needs a source.';
    throw new CodedError('voucher_malformed', message, { field: 'source' });
  }

  return { checkAuthorization, checkDeposit, checkOpening, payerOf };
}
