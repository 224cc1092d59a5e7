import { unreachable } from '../../core/errors.ts';
import type { IncomeStatus } from '../../provider/income/income-status.ts';
import type { Holding } from '../../provider/income/payout-store.ts';
import { describeAmount } from './money.ts';
import { describeSeconds, shorten } from './quantities.ts';

/** What earned money waits for until it vests. */
export function describeAccrued({ accrued, batch }: IncomeStatus, now: number): string {
  if (batch) {
    const left = Math.max(1, batch.of - batch.chunks);
    return `Vests when its batch closes: in ${describeSeconds(batch.closesAt - now)}, or ${left === 1 ? 'with the next chunk' : `${left} chunks on`}.`;
  }
  return accrued === '0' ? 'Grows with each chunk that you sign.' : 'The batch is closed and being checked.';
}

/** What vested money waits for until it is paid. */
export function describeVested({ vested, terms, voucher }: IncomeStatus): string {
  if (vested === '0') return 'Nothing waits for a payout.';
  if (BigInt(vested) < BigInt(terms.unit)) return 'Less than the coin’s smallest part: it waits for more.';
  const proof = voucher ? ' Your tab holds a signed voucher for it.' : '';
  if (BigInt(terms.threshold) <= BigInt(terms.unit)) return `Paid as soon as it vests.${proof}`;
  return `Paid at ${describeAmount(terms.threshold)}, daily, or when you ask.${proof}`;
}

export function describePaid({ paid, terms }: IncomeStatus, account: string): string {
  if (paid === '0') return 'Nothing yet: the first payout makes it yours for good.';
  return `In your wallet ${shorten(account)}, on chain ${terms.chainId}.`;
}

/** The button that asks for a payout: what it says, whether it can be pressed, and what is to be said beside it. */
export interface PayoutWords {
  readonly label: string;
  readonly enabled: boolean;
  readonly busy: boolean;
  readonly note: string;
  readonly bad: boolean;
}

export function describePayout({ payout, terms, vested }: IncomeStatus, now: number): PayoutWords {
  const minimum = BigInt(terms.minimum) > BigInt(terms.unit) ? BigInt(terms.minimum) : BigInt(terms.unit);
  const ready = BigInt(vested) >= minimum;
  const small = vested === '0' ? '' : `A payout is possible from ${describeAmount(minimum)} on.`;
  const words = { label: 'Pay me now', enabled: ready, busy: false, note: ready ? '' : small, bad: false };
  switch (payout.name) {
    case 'none':
      return words;
    case 'asked':
      return { ...words, label: 'Asking…', enabled: false, busy: true, note: '' };
    case 'pending':
      return { ...words, label: 'Paying…', enabled: false, busy: true, note: 'The chain is confirming it.' };
    case 'failed': {
      const { message, retryAt } = payout;
      const next = retryAt === undefined ? '' : ` It tries again ${soon(retryAt - now)}.`;
      return { ...words, label: 'Ask again', note: `${message}${next}`, bad: true };
    }
    default:
      return unreachable(payout);
  }
}

function soon(ms: number): string {
  return ms <= 0 ? 'now' : `in ${describeSeconds(ms)}`;
}

/** What this wallet got and may still redeem, over all relays; undefined where there was nothing yet. */
export function describeHoldings(holdings: readonly Holding[]): string | undefined {
  const sum = (of: (holding: Holding) => bigint): bigint =>
    holdings.reduce((total, holding) => total + of(holding), 0n);
  const paid = sum((holding) => BigInt(holding.paid));
  const open = sum(({ signed, paid: got }) =>
    BigInt(signed) > BigInt(got) ? BigInt(signed) - BigInt(got) : 0n,
  );
  if (paid === 0n && open === 0n) return undefined;
  const rest = open === 0n ? '' : ` Vouchers in this browser are worth another ${describeAmount(open)}.`;
  return `This wallet was paid ${describeAmount(paid)}.${rest}`;
}
