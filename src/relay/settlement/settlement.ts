import type { Hex } from '../../core/bytes.ts';
import { type Clock, every } from '../../core/clock.ts';
import { CodedError, errorBody } from '../../core/errors.ts';
import type { PayoutState } from '../../protocol/wire/earnings.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Log } from '../log.ts';
import type { ChannelFunds } from '../payments/chain-port.ts';
import type { PayoutLimits } from '../payouts/payout-limits.ts';
import { dueChannels, settleChannels, type SettledChannels, drawableChannels } from './channel-settlement.ts';
import { owedOf, type PaidProvider, payProviders, readPaid } from './hub-payment.ts';
import { createPayoutProgress } from './payout-progress.ts';
import type { SettlementChain } from './settlement-chain.ts';
import { createSettleFloor } from './settle-floor.ts';
import { createVoucherShelf } from './voucher-shelf.ts';

export interface SettlementParts {
  readonly ledger: Ledger;
  readonly chain: SettlementChain;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits: PayoutLimits;
  readonly settled?: (what: SettledChannels) => void;
  readonly paid?: (what: PaidProvider) => void;
  /** An account's payout got another state. */
  readonly changed?: (payee: Hex) => void;
}

/**
 * Everything that this relay sends to the chain of its own will, one thing at a time: it draws what agents signed, and
 * pays what providers are owed. What fails is tried again, later each time; what a crash interrupted is read from the
 * chain and goes on.
 */
export interface Settlement {
  /** A channel's voucher or use changed. */
  look(channel: Hex): void;
  /** What the chain has of a channel now: what a reorganisation undid is drawn again. */
  see(channel: Hex, funds: ChannelFunds): void;
  /** An agent asked to close: its channel is settled at once. */
  closing(): void;
  /** A payout voucher for this account is durable: it is paid when it is due. */
  issued(payee: Hex): void;
  /**
   * Pays an account now.
   * @throws CodedError `payout_nothing`, `payout_too_small` (data: `minimum`, in pico)
   */
  pay(payee: Hex): void;
  /** Draws what was used of a channel now. @throws CodedError those of the chain */
  settle(channel: Hex): Promise<void>;
  /** Learns what the chain paid an account: before its first voucher, and when it comes back. */
  read(payee: Hex): Promise<void>;
  /** Where an account's payout stands. */
  stateOf(payee: Hex): PayoutState;
  /** Draws and pays all that is worth it, once, and ends. What fails now waits for the next start. */
  close(): Promise<void>;
}

const RETRY_MS = { first: 1_000, most: 60_000 };
const CHECK_MS = 10_000;

export function createSettlement(parts: SettlementParts): Settlement {
  const {
    ledger,
    chain,
    clock,
    log,
    limits,
    settled = () => {},
    paid = () => {},
    changed = () => {},
  } = parts;
  const shelf = createVoucherShelf(ledger.state.unit);
  const progress = createPayoutProgress(clock, changed);
  const floor = createSettleFloor({ chain, clock, log, limits, changed: check });
  let failed = 0;
  let retryAt = 0;
  let undoRetry = (): void => {};
  let line: Promise<void> = Promise.resolve();
  let sweptAt = clock.now();
  let working = false;
  const stopChecks = every(clock, CHECK_MS, check);

  /** One thing at a time: what is on its way decides what there is left to do. */
  function enqueue<T>(work: () => Promise<T>): Promise<T> {
    const done = line.then(() => chain.finish()).then(work);
    line = done.then(
      () => {},
      () => {},
    );
    return done;
  }

  const owed = (payee: Hex): bigint => {
    const row = ledger.state.providers.get(payee);
    return row ? owedOf(row, ledger.state.unit) : 0n;
  };

  function dueProviders(): Hex[] {
    const sweep = clock.now() - sweptAt >= limits.sweepMs;
    if (sweep) sweptAt = clock.now();
    for (const payee of ledger.state.providers.keys()) {
      const amount = owed(payee);
      if (amount >= limits.threshold || (sweep && amount >= limits.minimum)) progress.ask(payee);
    }
    // Whoever redeemed by itself asks for nothing any more.
    for (const payee of progress.asked) if (owed(payee) === 0n) progress.paid(payee);
    return [...progress.asked];
  }

  /** The price of gas is asked for only where it decides. */
  function dueNow(): Hex[] {
    if (dueChannels(ledger.state, shelf, limits.settleThreshold).length === 0) return [];
    floor.look();
    return dueChannels(ledger.state, shelf, floor.current());
  }

  function check(): void {
    if (working || clock.now() < retryAt) return;
    const channels = dueNow();
    const payees = dueProviders();
    if (channels.length === 0 && payees.length === 0) return;
    working = true;
    void enqueue(() => run(channels, payees)).then(
      () => end(undefined),
      (error: unknown) => end(error),
    );
  }

  async function run(channels: readonly Hex[], payees: readonly Hex[]): Promise<void> {
    const { skipped, unconfirmed } = await settleChannels({ ledger, chain, shelf, log, settled }, channels);
    await pay(payees);
    if (skipped.length > 0) {
      const message = 'The contract did not settle every channel.';
      throw new CodedError('settlement_skipped', message, { channels: skipped.length });
    }
    if (unconfirmed > 0) throw notConfirmed({ channels: unconfirmed });
  }

  async function pay(payees: readonly Hex[]): Promise<void> {
    if (payees.length === 0) return;
    const settleAll = (): Promise<unknown> =>
      settleChannels({ ledger, chain, shelf, log, settled }, drawableChannels(ledger.state, shelf));
    const { skipped, unconfirmed, unfunded } = await payProviders({ ledger, chain, settleAll, paid }, payees);
    const left = new Set([...unfunded, ...skipped, ...unconfirmed]);
    for (const payee of payees) if (!left.has(payee)) progress.paid(payee);
    progress.leftOut(unfunded, {
      code: 'payout_unfunded',
      message: 'The relay has not got the money together yet.',
    });
    progress.leftOut(skipped, { code: 'payout_skipped', message: 'The hub did not pay the voucher.' });
    progress.leftOut(unconfirmed, errorBody(notConfirmed({ payees: unconfirmed.length })));
    if (unfunded.length + skipped.length > 0) {
      throw new CodedError('payout_incomplete', 'Not everybody could be paid.', {
        unfunded: unfunded.length,
        skipped: skipped.length,
      });
    }
    if (unconfirmed.length > 0) throw notConfirmed({ payees: unconfirmed.length });
  }

  /** The next try, later each time. */
  function end(error: unknown): void {
    working = false;
    if (error === undefined) {
      failed = 0;
      retryAt = 0;
      return check();
    }
    failed++;
    const wait = Math.min(RETRY_MS.most, RETRY_MS.first * 2 ** (failed - 1));
    retryAt = clock.now() + wait;
    const body = errorBody(error);
    log.warn({ error: body, retryInMs: wait }, 'Settlement did not succeed and is tried again.');
    progress.retry(body, retryAt);
    undoRetry();
    undoRetry = clock.after(wait, check);
  }

  for (const row of ledger.state.channels.values()) shelf.look(row);

  return {
    look(channel) {
      const row = ledger.state.channels.get(channel);
      if (row) shelf.look(row);
    },
    see(channel, funds) {
      shelf.see(channel, funds);
      const row = ledger.state.channels.get(channel);
      if (row && funds.settled * ledger.state.unit < row.settled) check();
    },
    closing: check,
    issued(payee) {
      if (owed(payee) >= limits.threshold) check();
    },
    pay(payee) {
      const amount = owed(payee);
      if (amount === 0n) throw new CodedError('payout_nothing', 'Nothing has vested that is not paid.');
      if (amount < limits.minimum) {
        const message = 'What has vested is too little for a payout yet.';
        throw new CodedError('payout_too_small', message, { minimum: String(limits.minimum) });
      }
      progress.ask(payee);
      check();
    },
    async settle(channel) {
      await enqueue(() => settleChannels({ ledger, chain, shelf, log, settled }, [channel]));
    },
    async read(payee) {
      const grown = await readPaid(ledger, chain, [payee]);
      if (grown.size > 0) changed(payee);
    },
    stateOf: (payee) => progress.stateOf(payee),
    async close() {
      stopChecks();
      undoRetry();
      retryAt = Number.POSITIVE_INFINITY;
      const worth = [...ledger.state.providers.keys()].filter(
        (payee) => owed(payee) >= limits.minimum || (progress.asked.has(payee) && owed(payee) > 0n),
      );
      try {
        await enqueue(() => run(drawableChannels(ledger.state, shelf), worth));
      } catch (error) {
        log.warn({ error: errorBody(error) }, 'Not everything was settled; the next start goes on.');
      }
    },
  };
}

/** What is there to be done was done, by a transaction that this process did not send or has lost sight of. */
function notConfirmed(data: Readonly<Record<string, number>>): CodedError {
  return new CodedError('settlement_unconfirmed', 'What was sent is not confirmed yet.', data);
}
