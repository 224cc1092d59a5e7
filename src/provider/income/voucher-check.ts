import type { Hex } from '../../core/bytes.ts';
import { CodedError } from '../../core/errors.ts';
import { type Payout, payoutSignerOf } from '../../protocol/money/payout.ts';
import type { PayoutTerms, PayoutVoucher } from '../../protocol/wire/earnings.ts';

/** What a voucher is held against. */
export interface VoucherGround {
  readonly terms: PayoutTerms;
  readonly account: Hex;
  /** The latest that is kept, in base units. */
  readonly kept: bigint;
}

/**
 * Checks a payout voucher before it is kept: of the hub that the relay announced, for this account, by the hub's signer,
 * and never for less than before (rule M12).
 * @throws CodedError `voucher_wrong_hub`, `voucher_wrong_payee`, `voucher_lower`, `voucher_signature`
 */
export function checkVoucher(voucher: PayoutVoucher, { terms, account, kept }: VoucherGround): void {
  const { chainId, hub, payee, signature } = voucher;
  const cumulativeAmount = BigInt(voucher.cumulative);
  if (chainId !== terms.chainId || hub !== terms.hub) {
    throw new CodedError('voucher_wrong_hub', 'The relay sent a voucher of another hub.', { chainId, hub });
  }
  if (payee !== account) {
    throw new CodedError('voucher_wrong_payee', 'The relay sent somebody else’s voucher.', { payee });
  }
  if (cumulativeAmount < kept) {
    throw new CodedError('voucher_lower', 'The relay sent a voucher for less than before.', {
      kept: String(kept),
      cumulative: voucher.cumulative,
    });
  }
  if (signerOf({ payee, cumulativeAmount }, signature, terms) !== terms.signer) {
    throw new CodedError('voucher_signature', 'The relay’s voucher is not signed by its hub’s signer.');
  }
}

function signerOf(payout: Payout, signature: Hex, terms: PayoutTerms): Hex | undefined {
  try {
    return payoutSignerOf(payout, signature, terms, { chainId: terms.chainId, contract: terms.hub });
  } catch (error) {
    if (error instanceof CodedError) return undefined;
    throw error;
  }
}
