import type { Confirmed } from '../chain/chain-account.ts';
import { revertError } from '../chain/chain-errors.ts';
import { type Coin, movedIn, readCoin } from '../chain/dollar.ts';
import type { ChainReader } from '../chain/chain-reader.ts';
import { hubEvents, readAvailable, readHub, readPaid, redeemCall } from '../chain/hub.ts';
import type { Hex } from '../core/bytes.ts';
import { CodedError } from '../core/errors.ts';
import { sendCall, visitChain } from './chain-visit.ts';
import type { OpenCall } from './open-call.ts';
import type { SavedVoucher } from './payout-voucher.ts';

export interface RedeemingOptions {
  readonly voucher: SavedVoucher;
  readonly rpcUrl: string;
  /** Whose gas it is: any account's, for only the payee can be paid. Without one nothing is sent. */
  readonly gasKey?: Hex;
}

/** What a voucher is worth, and what came of redeeming it. Amounts in base units. */
export interface Redemption extends Coin {
  /** All that the relay ever signed for this payee, and what of that the hub had paid before. */
  readonly signed: bigint;
  readonly paid: bigint;
  /** What the hub had to pay with. */
  readonly available: bigint;
  readonly outcome: RedemptionOutcome;
}

export type RedemptionOutcome =
  | { readonly step: 'redeemed'; readonly transaction: Hex }
  /** To be sent by anybody. */
  | { readonly step: 'unsent'; readonly call: OpenCall }
  /** Nothing is left of it: the hub has paid all that was signed. */
  | { readonly step: 'spent' }
  /** The hub has less than it owes: it pays a voucher whole or not at all. Nothing was sent. */
  | { readonly step: 'unfunded' };

/**
 * Draws what a payout voucher is for without the relay, for one that is gone (rule K10).
 * @throws CodedError `contract_missing`, `voucher_wrong_hub`, `gas_missing`, `redeem_refused` {reason}, and those
 * of the chain
 */
export async function redeemVoucher({ gasKey, rpcUrl, voucher }: RedeemingOptions): Promise<Redemption> {
  const { chainId, hub, payee, signature, token } = voucher;
  const chain = await visitChain({ rpcUrl, chainId, gasKey });
  await checkHub(chain, voucher);
  const signed = BigInt(voucher.cumulative);
  const paid = await readPaid(chain, hub, payee);
  const available = await readAvailable(chain, token, hub);
  const coin = await readCoin(chain, token);
  const told = (outcome: RedemptionOutcome): Redemption => ({ signed, paid, available, ...coin, outcome });

  if (paid >= signed) return told({ step: 'spent' });
  if (available < signed - paid) return told({ step: 'unfunded' });
  const call = redeemCall(hub, [{ payee, cumulativeAmount: signed, signature }]);
  if (gasKey === undefined) return told({ step: 'unsent', call: { chainId, ...call } });
  const { hash, logs } = await sendCall(chain, call);
  // A row that the hub leaves out does not revert. The receipt says what happened; nothing is read from the chain after
  // it, for another node of the same address may not have seen its block yet.
  if (movedIn(logs, token, { from: hub, to: payee }) > 0n)
    return told({ step: 'redeemed', transaction: hash });
  const reason = skipReason(logs, hub);
  // Somebody else redeemed it a moment before.
  if (reason === 'AmountNotIncreasing') return { ...told({ step: 'spent' }), paid: signed };
  const message = `The hub left the payout out (${reason ?? 'nothing moved'}), in transaction ${hash}.`;
  throw new CodedError('redeem_refused', message, { reason, transaction: hash });
}

/** Why the hub left its row out, by name; undefined where it does not say. */
function skipReason(logs: Confirmed['logs'], hub: Hex): string | undefined {
  for (const event of hubEvents(logs)) {
    if (event.eventName !== 'PayoutSkipped' || event.address.toLowerCase() !== hub) continue;
    return String(revertError(event.args.reason).data?.['reason']);
  }
  return undefined;
}

async function checkHub(
  chain: ChainReader,
  { chainId, hub, owner, signer, token }: SavedVoucher,
): Promise<void> {
  if ((await chain.code(hub)) === '0x') {
    throw new CodedError('contract_missing', `There is no hub at ${hub} on chain ${chainId}.`, { hub });
  }
  const found = await readHub(chain, hub);
  if (found.token === token && found.owner === owner && found.signer === signer) return;
  throw new CodedError('voucher_wrong_hub', `The hub at ${hub} is another one than the voucher's.`, {
    ...found,
  });
}
