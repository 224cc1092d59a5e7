import type { Hex } from '../../core/bytes.ts';
import { CodedError } from '../../core/errors.ts';
import type { Recover } from '../../protocol/money/signature.ts';
import { voucherDigester } from '../../protocol/money/voucher.ts';
import { isEnding } from '../ledger/amounts.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { ChannelRow } from '../ledger/state.ts';
import type { SignedVoucher } from './credential.ts';
import type { DepositDoubts } from './deposit-doubts.ts';
import type { PaymentTerms } from './payment-terms.ts';
import { refused } from './refusal.ts';

export interface IntakeParts {
  readonly ledger: Ledger;
  readonly recover: Recover;
  readonly terms: PaymentTerms;
  /** The newest block is too old: what the chain says now is unknown. */
  readonly isBlind: () => boolean;
  readonly doubts: Pick<DepositDoubts, 'has'>;
}

/** What is checked of a voucher before anything is booked. The ledger decides; this only says no earlier and clearer. */
export interface VoucherIntake {
  /**
   * The channel that a voucher is for, if its signer is the channel's. A voucher of another chain or contract shows as
   * another signer's. @throws CodedError `channel_unknown`, `voucher_signature`
   */
  authenticate(voucher: SignedVoucher): ChannelRow;
  /**
   * Whether the channel may accept it now: at least what was accepted, at most the deposit.
   * @throws CodedError `chain_blind`, `deposit_unconfirmed`, `channel_closed`, `channel_closing`, `voucher_stale`, `voucher_over_deposit`
   */
  admit(row: ChannelRow, voucher: SignedVoucher): void;
  isSignedBy(signer: Hex, voucher: SignedVoucher): boolean;
  /** Undefined where the signature is none. */
  signerOf(voucher: SignedVoucher): Hex | undefined;
}

export function createVoucherIntake({ doubts, isBlind, ledger, recover, terms }: IntakeParts): VoucherIntake {
  const digestOf = voucherDigester({ chainId: terms.chainId, contract: terms.escrow });

  function signerOf({ channelId, cumulativeAmount, signature }: SignedVoucher): Hex | undefined {
    try {
      return recover(digestOf({ channelId, cumulativeAmount }), signature);
    } catch (error) {
      if (error instanceof CodedError) return undefined;
      throw error;
    }
  }

  const isSignedBy = (signer: Hex, voucher: SignedVoucher): boolean => signerOf(voucher) === signer;

  return {
    isSignedBy,
    signerOf,
    authenticate(voucher) {
      const row = ledger.state.channels.get(voucher.channelId);
      if (!row) throw refused('channel_unknown');
      if (!isSignedBy(row.signer, voucher)) {
        const message = "This voucher is not signed by the channel's signer for this chain and contract.";
        throw new CodedError('voucher_signature', message);
      }
      return row;
    },
    admit(row, { cumulativeAmount }) {
      const amount = cumulativeAmount * ledger.state.unit;
      if (isBlind()) {
        throw new CodedError('chain_blind', 'This relay does not see the chain now: it accepts no payment.');
      }
      if (row.finalized) throw refused('channel_closed');
      if (isEnding(row)) throw refused('channel_closing');
      if (doubts.has(row.channel)) {
        const message = "The chain took back this channel's deposit: try again when it is confirmed anew.";
        throw new CodedError('deposit_unconfirmed', message);
      }
      if (amount < row.accepted) throw refused('voucher_stale');
      if (amount > row.deposit) throw refused('voucher_over_deposit');
    },
  };
}
