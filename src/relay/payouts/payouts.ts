import type { Hex } from '../../core/bytes.ts';
import { type Clock, sleep } from '../../core/clock.ts';
import { errorBody } from '../../core/errors.ts';
import type { PayoutState, PayoutTerms } from '../../protocol/wire/earnings.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { newProvider } from '../ledger/payout-operations.ts';
import type { SignedAmount } from '../ledger/state.ts';
import type { Log } from '../log.ts';
import type { PaymentEvent } from '../payments/payment-events.ts';
import type { Provider } from '../providers/provider.ts';
import type { SettledChannels } from '../settlement/channel-settlement.ts';
import type { PaidProvider } from '../settlement/hub-payment.ts';
import { createSettlement, type Settlement } from '../settlement/settlement.ts';
import type { SettlementChain } from '../settlement/settlement-chain.ts';
import { createBatchClock } from './batch-clock.ts';
import { createEarningsFeed } from './earnings-feed.ts';
import { earningsOf, type Payment } from './earnings-of.ts';
import { type Holdback, NO_HOLDBACK } from './holdback.ts';
import type { PayoutDesk } from './payout-desk.ts';
import { DEFAULT_PAYOUT_LIMITS, type PayoutLimits } from './payout-limits.ts';
import { createVesting } from './vesting.ts';
import { createVouchers, type PayoutSigner } from './vouchers.ts';

/** What happens to money on its way to providers and from the chain, for whoever runs the relay. Amounts in pico. */
export type PayoutEvent =
  | { readonly type: 'voucherIssued'; payee: Hex; cumulative: bigint }
  | ({ readonly type: 'providerPaid' } & PaidProvider)
  | ({ readonly type: 'channelsSettled' } & SettledChannels);

export interface PayoutsParts {
  readonly ledger: Ledger;
  readonly chain: SettlementChain;
  readonly clock: Clock;
  readonly log: Log;
  /** Where the hub is, and the fee: what providers are told. `minimum` and `threshold` come from `limits`. */
  readonly hub: Omit<PayoutTerms, 'minimum' | 'threshold'>;
  readonly sign: PayoutSigner;
  readonly limits?: Partial<PayoutLimits>;
  readonly holdback?: Holdback;
  readonly emit?: (event: PayoutEvent) => void;
}

/** The second hop, from the ledger to the owner: accrued, vested, paid (rule M7). */
export interface Payouts extends PayoutDesk {
  readonly settlement: Settlement;
  /** To be told of everything that happens on the agents' side: work that was paid, vouchers, closes. */
  hear(event: PaymentEvent): void;
  /**
   * Vests what it can within `graceMs`, signs for it, draws and pays what is worth it. To be called when no job runs any
   * more and before the ledger is closed. Never rejects.
   */
  close(graceMs: number): Promise<void>;
}

export function createPayouts(parts: PayoutsParts): Payouts {
  const { ledger, chain, clock, log, hub, sign, holdback = NO_HOLDBACK, emit = () => {} } = parts;
  const limits = { ...DEFAULT_PAYOUT_LIMITS, ...parts.limits };
  const here = new Map<Hex, Provider>();
  const refusals = new Map<Hex, PayoutState>();
  const lastPaid = new Map<Hex, Payment>();
  const feed = createEarningsFeed(clock, limits.earningsMs, tell);
  const settlement = createSettlement({
    ledger,
    chain,
    clock,
    log,
    limits,
    settled: (what) => emit({ type: 'channelsSettled', ...what }),
    paid(what) {
      const { payee, amount, transaction } = what;
      lastPaid.set(payee, { amount, transaction, at: clock.now() });
      emit({ type: 'providerPaid', ...what });
    },
    changed(account) {
      refusals.delete(account);
      show(account);
    },
  });
  const read = (account: Hex): Promise<void> => settlement.read(account);
  const vouchers = createVouchers({ ledger, clock, log, sign, issued });
  const batches = createBatchClock({
    state: ledger.state,
    clock,
    limits,
    due: (account) => void closeBatch(account),
  });
  const vesting = createVesting({ ledger, clock, log, holdback, read, changed: vested });

  async function closeBatch(account: Hex): Promise<void> {
    try {
      await vesting.closeBatch(account);
    } catch (error) {
      log.error({ account, error: errorBody(error) }, 'A batch was not closed.');
      batches.retry(account);
    }
  }

  function vested(account: Hex): void {
    batches.look(account);
    void vouchers.issue(account);
    show(account);
  }

  function issued(account: Hex, voucher: SignedAmount): void {
    sendVoucher(account, voucher);
    emit({ type: 'voucherIssued', payee: account, cumulative: voucher.cumulative });
    refusals.delete(account);
    settlement.issued(account);
  }

  function sendVoucher(payee: Hex, { cumulative, signature }: SignedAmount): void {
    const { chainId, hub: address } = hub;
    const voucher = { chainId, hub: address, payee, cumulative: String(cumulative), signature };
    here.get(payee)?.send({ type: 'voucher', ...voucher });
  }

  /** Accounts that are not here are told when they come back. */
  function show(account: Hex): void {
    if (here.has(account)) feed.changed(account);
  }

  function tell(account: Hex): void {
    const earnings = earningsOf(ledger.state.providers.get(account) ?? newProvider(account), {
      now: clock.now(),
      batchChunks: limits.batchChunks,
      closesInMs: batches.closesInMs(account),
      payout: refusals.get(account) ?? settlement.stateOf(account),
      lastPaid: lastPaid.get(account),
    });
    here.get(account)?.send({ type: 'earnings', ...earnings });
  }

  // What an earlier process left in mid-air.
  vesting.resume();
  for (const account of ledger.state.providers.keys()) vested(account);

  return {
    terms: { ...hub, minimum: String(limits.minimum), threshold: String(limits.threshold) },
    settlement,
    hear(event) {
      switch (event.type) {
        case 'accrued':
          settlement.look(event.channel);
          batches.look(event.provider);
          return show(event.provider);
        case 'voucherAccepted':
          return settlement.look(event.channel);
        case 'fundsRead':
          return settlement.see(event.channel, event.funds);
        case 'channelClosing':
          return settlement.closing();
        default:
      }
    },
    join(provider) {
      const { account } = provider;
      here.set(account, provider);
      const voucher = ledger.state.providers.get(account)?.payout;
      if (voucher) sendVoucher(account, voucher);
      feed.changed(account);
      // It may have redeemed by itself while it was away.
      if (voucher) void read(account).catch(() => {});
    },
    leave(provider) {
      if (here.get(provider.account) !== provider) return;
      here.delete(provider.account);
      feed.forget(provider.account);
    },
    request({ account }) {
      refusals.delete(account);
      try {
        settlement.pay(account);
      } catch (error) {
        const { code, message } = errorBody(error);
        refusals.set(account, { name: 'failed', code, message });
      }
      show(account);
    },
    async close(graceMs) {
      batches.stop();
      const closing = [...ledger.state.providers.keys()].map(async (account) => {
        await closeBatch(account);
        await vouchers.issue(account);
      });
      const late = new AbortController();
      await Promise.race([Promise.all(closing), sleep(clock, graceMs, late.signal).catch(() => {})]);
      late.abort();
      vesting.stop();
      vouchers.stop();
      await settlement.close();
    },
  };
}
