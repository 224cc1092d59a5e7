import type { Hex } from '../../core/bytes.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { LedgerState, ProviderRow } from '../ledger/state.ts';
import { batchesOf, type PayoutClaim, type SettlementChain } from './settlement-chain.ts';

/** What a provider's last voucher is worth beyond what was paid, in pico. */
export function owedOf({ payout, paid }: ProviderRow, unit: bigint): bigint {
  const owed = payout ? payout.cumulative * unit - paid : 0n;
  return owed > 0n ? owed : 0n;
}

/** Told of each payee that a transaction paid; `amount` in pico. */
export interface PaidProvider {
  readonly transaction: Hex;
  readonly payee: Hex;
  readonly amount: bigint;
}

export interface HubPaymentParts {
  readonly ledger: Ledger;
  readonly chain: SettlementChain;
  /** Brings money into the relay's own account: draws what channels owe. */
  readonly settleAll: () => Promise<unknown>;
  readonly paid: (what: PaidProvider) => void;
}

/** What came of a payment. */
export interface HubPayment {
  /** Payees whose money the hub lacks. */
  readonly unfunded: readonly Hex[];
  /** Payees whose row the contract skipped. */
  readonly skipped: readonly Hex[];
  /** Payees who were paid in a block that is not confirmed yet: it is booked when it is. */
  readonly unconfirmed: readonly Hex[];
}

/**
 * Puts what is missing into the hub and redeems these payees' vouchers, then books what the chain says. After a crash
 * it may be called again: what was paid already is read first, and pays nothing twice.
 * @throws CodedError those of `SettlementChain` and `Ledger.commit`
 */
export async function payProviders(parts: HubPaymentParts, payees: readonly Hex[]): Promise<HubPayment> {
  const { ledger, chain, paid } = parts;
  await readPaid(ledger, chain, payees);
  const claims = claimsOf(ledger.state, payees);
  const open = await unpaid(chain, claims);
  const funded = await fund(parts, open);
  for (const batch of batchesOf(funded)) {
    const { transaction } = await chain.redeem(batch);
    const grown = await readPaid(
      ledger,
      chain,
      batch.map(({ payee }) => payee),
    );
    for (const [payee, amount] of grown) paid({ transaction, payee, amount });
  }
  // What was signed since is no part of it.
  const { providers, unit } = ledger.state;
  const isLeft = ({ cumulative, payee }: PayoutClaim): boolean =>
    (providers.get(payee)?.paid ?? 0n) < cumulative * unit;
  const left = claims.filter(isLeft).map(({ payee }) => payee);
  const asked = new Set(open.map(({ payee }) => payee));
  const tried = new Set(funded.map(({ payee }) => payee));
  return {
    unfunded: left.filter((payee) => asked.has(payee) && !tried.has(payee)),
    skipped: left.filter((payee) => tried.has(payee)),
    unconfirmed: left.filter((payee) => !asked.has(payee)),
  };
}

/** The claims that the newest block leaves to be paid. */
async function unpaid(chain: SettlementChain, claims: readonly PayoutClaim[]): Promise<PayoutClaim[]> {
  if (claims.length === 0) return [];
  const amounts = await chain.paidOf(
    claims.map(({ payee }) => payee),
    'newest',
  );
  return claims.filter(({ cumulative }, at) => (amounts[at] ?? 0n) < cumulative);
}

/** Books what the chain says was paid. @returns who got more than was known, and how much, in pico */
export async function readPaid(
  ledger: Ledger,
  chain: SettlementChain,
  payees: readonly Hex[],
): Promise<Map<Hex, bigint>> {
  if (payees.length === 0) return new Map();
  const amounts = await chain.paidOf(payees, 'confirmed');
  const { providers, unit } = ledger.state;
  const paidNow = (payee: Hex): bigint => providers.get(payee)?.paid ?? 0n;
  const before = new Map(payees.map((payee) => [payee, paidNow(payee)]));
  await ledger.commit(
    payees.flatMap((provider, i) => {
      const cumulative = amounts[i] ?? 0n;
      return cumulative * unit > paidNow(provider)
        ? [{ type: 'paid' as const, id: `paid/${provider}/${cumulative}`, provider, cumulative }]
        : [];
    }),
  );
  const grown = payees.map((payee) => [payee, paidNow(payee) - (before.get(payee) ?? 0n)] as const);
  return new Map(grown.filter(([, amount]) => amount > 0n));
}

function claimsOf({ providers, unit }: LedgerState, payees: readonly Hex[]): PayoutClaim[] {
  return payees.flatMap((payee) => {
    const row = providers.get(payee);
    return row?.payout && owedOf(row, unit) > 0n ? [{ payee, ...row.payout }] : [];
  });
}

/** Fills the hub up to what is claimed. @returns the claims that it can pay, the first ones first */
async function fund(
  { ledger, chain, settleAll }: HubPaymentParts,
  claims: PayoutClaim[],
): Promise<PayoutClaim[]> {
  if (claims.length === 0) return [];
  const { providers, unit } = ledger.state;
  const worth = ({ payee, cumulative }: PayoutClaim): bigint =>
    cumulative - (providers.get(payee)?.paid ?? 0n) / unit;
  const needed = claims.reduce((sum, claim) => sum + worth(claim), 0n);
  let inHub = await chain.hubBalance();
  if (inHub < needed) {
    const missing = needed - inHub;
    if ((await chain.balance()) < missing) await settleAll();
    const own = await chain.balance();
    const amount = own < missing ? own : missing;
    if (amount > 0n) await chain.fundHub(amount);
    inHub += amount;
  }
  const payable: PayoutClaim[] = [];
  for (const claim of claims) {
    if (worth(claim) > inHub) continue;
    inHub -= worth(claim);
    payable.push(claim);
  }
  return payable;
}
