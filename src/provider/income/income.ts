import type { Hex } from '../../core/bytes.ts';
import type { Clock } from '../../core/clock.ts';
import { CodedError, type ErrorBody, errorBody } from '../../core/errors.ts';
import type { Earnings, PayoutTerms, PayoutVoucher } from '../../protocol/wire/earnings.ts';
import { Claims } from './claims.ts';
import { type IncomePayout, type IncomeStatus, localPayout } from './income-status.ts';
import type { MoneyMessage } from './money-message.ts';
import { createMemoryPayouts, type PayoutStore, type StoredVoucher } from './payout-store.ts';
import { checkVoucher } from './voucher-check.ts';

/** What a relay may owe beyond what it paid, unless the owner says otherwise: $0.25, in pico. */
export const DEFAULT_CREDIT_LIMIT = 25n * 10n ** 10n;

/** A payout is not asked for again within this time without the owner's wish. */
const ASK_MS = 30_000;

export interface IncomeParts {
  readonly clock: Clock;
  readonly account: Hex;
  readonly store?: PayoutStore;
  /** In pico. */
  readonly limit?: bigint;
  /** Asks the relay for a payout. */
  readonly ask: () => void;
  /** Lending is to be held back for this reason, or no longer. */
  readonly hold: (reason: ErrorBody | undefined) => void;
  /** Something went wrong that does not touch the amounts: the store is full. */
  readonly fault: (error: ErrorBody) => void;
}

/**
 * The owner's money at one relay, over its connections: what the relay says, held against what this tab signed; the
 * latest voucher, kept; and the limit of what the owner trusts the relay with (rules M12, M13). Without terms nobody pays, and
 * all of it is still.
 */
export class Income {
  readonly #parts: IncomeParts;
  readonly #store: PayoutStore;
  #limit: bigint;
  #terms: PayoutTerms | undefined;
  #claims = new Claims();
  #earnings: Earnings | undefined;
  /** When the figures came, and what the relay had booked in all when this connection began. */
  #heardAt = 0;
  #baseline: bigint | undefined;
  #voucher: StoredVoucher | undefined;
  #voucherFault: ErrorBody | undefined;
  #held: string | undefined;
  #askedAt: number | undefined;
  #answered = true;
  #payments = 0;
  /** What is kept is kept in order. */
  #keeping: Promise<void> = Promise.resolve();

  constructor(parts: IncomeParts) {
    this.#parts = parts;
    this.#store = parts.store ?? createMemoryPayouts();
    this.#limit = parts.limit ?? DEFAULT_CREDIT_LIMIT;
  }

  get terms(): PayoutTerms | undefined {
    return this.#terms;
  }

  /** A connection was welcomed. */
  begin(terms: PayoutTerms | undefined): void {
    this.#terms = terms;
    this.#claims = new Claims();
    this.#baseline = undefined;
    this.#voucherFault = undefined;
    this.#askedAt = undefined;
    this.#answered = true;
    if (terms) this.#keep(() => this.#load(terms));
    this.#judge();
  }

  hear(message: MoneyMessage): void {
    if (!this.#terms) return;
    const terms = this.#terms;
    if (message.type === 'voucher') return this.#keep(() => this.#take(message, terms));
    this.#earnings = message;
    this.#heardAt = this.#parts.clock.now();
    this.#baseline ??= totalOf(message);
    this.#answered = true;
    this.#keep(() => this.#note(message, terms));
    this.#judge();
  }

  /** A statement of an attempt was sent: `total` is what the attempt has earned, in pico. */
  claim(attempt: string, total: bigint): void {
    if (!this.#terms) return;
    this.#claims.state(attempt, total, this.#parts.clock.now());
    this.#judge();
  }

  cancel(attempt: string): void {
    this.#claims.cancel(attempt, this.#parts.clock.now());
  }

  end(attempt: string): void {
    this.#claims.end(attempt);
  }

  /** To be called now and then: some faults are a matter of time. */
  tick(): void {
    if (this.#terms) this.#judge();
  }

  /** The owner wants to be paid now. */
  request(): void {
    if (!this.#terms) return;
    this.#askedAt = this.#parts.clock.now();
    this.#answered = false;
    this.#parts.ask();
  }

  /** @param limit in pico */
  trust(limit: bigint): void {
    this.#limit = limit;
    if (this.#terms) this.#judge();
  }

  status(): IncomeStatus | undefined {
    const terms = this.#terms;
    if (!terms) return undefined;
    const { accrued = '0', vested = '0', paid = '0', forfeited = '0', batch } = this.#earnings ?? {};
    return {
      terms,
      accrued: String(BigInt(accrued) + this.#unconfirmed()),
      vested,
      paid,
      forfeited,
      batch: batch
        ? { chunks: batch.chunks, of: batch.of, closesAt: Math.round(this.#heardAt + batch.closesInMs) }
        : null,
      payout: this.#payout(),
      voucher: this.#voucher
        ? {
            worth: String(BigInt(this.#voucher.cumulative) * BigInt(terms.unit)),
            keptAt: this.#voucher.keptAt,
          }
        : null,
      unsecured: String(this.#unsecured()),
      limit: String(this.#limit),
      payments: this.#payments,
    };
  }

  #payout(): IncomePayout {
    if (!this.#answered) return { name: 'asked' };
    return localPayout(this.#earnings?.payout ?? { name: 'none' }, this.#heardAt);
  }

  /** What this tab signed and the relay has not told of yet. */
  #unconfirmed(): bigint {
    if (!this.#earnings || this.#baseline === undefined) return this.#claims.total;
    const ahead = this.#baseline + this.#claims.total - totalOf(this.#earnings);
    return ahead > 0n ? ahead : 0n;
  }

  #unsecured(): bigint {
    const { accrued = '0', vested = '0' } = this.#earnings ?? {};
    return BigInt(accrued) + BigInt(vested) + this.#unconfirmed();
  }

  #judge(): void {
    const reason = this.#terms ? this.#reason() : undefined;
    this.#askInTime();
    if (reason?.code === this.#held) return;
    this.#held = reason?.code;
    this.#parts.hold(reason);
  }

  #reason(): ErrorBody | undefined {
    if (this.#voucherFault) return this.#voucherFault;
    const booked =
      this.#earnings && this.#baseline !== undefined ? totalOf(this.#earnings) - this.#baseline : 0n;
    const due = this.#claims.due(this.#parts.clock.now());
    if (booked < due) {
      const data = { booked: String(booked), signed: String(due) };
      const message = 'The relay counts less for this tab than this tab has signed.';
      return { code: 'earnings_differ', message, data };
    }
    const unsecured = this.#unsecured();
    if (unsecured <= this.#limit) return undefined;
    const data = { unsecured: String(unsecured), limit: String(this.#limit) };
    return { code: 'credit_limit', message: 'The relay owes as much as you trust it with.', data };
  }

  /** Half way to the limit the tab asks for a payout by itself. */
  #askInTime(): void {
    const { vested = '0', payout } = this.#earnings ?? {};
    if (!this.#terms || payout?.name !== 'none' || this.#unsecured() * 2n <= this.#limit) return;
    if (BigInt(vested) < BigInt(this.#terms.minimum) || BigInt(vested) < BigInt(this.#terms.unit)) return;
    if (this.#askedAt !== undefined && this.#parts.clock.now() - this.#askedAt < ASK_MS) return;
    this.request();
  }

  async #load(terms: PayoutTerms): Promise<void> {
    this.#voucher = await this.#store.voucher(this.#ref(terms));
  }

  /** Keeps a voucher that is good, and holds lending back over one that is not. */
  async #take(message: PayoutVoucher, terms: PayoutTerms): Promise<void> {
    const { clock, account } = this.#parts;
    const kept = BigInt(this.#voucher?.cumulative ?? 0);
    try {
      checkVoucher(message, { terms, account, kept });
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      this.#voucherFault = error.toBody();
      return this.#judge();
    }
    if (BigInt(message.cumulative) === kept) return;
    const { chainId, hub, payee, cumulative, signature } = message;
    const { token, owner, signer, unit } = terms;
    const parts = { token, owner, signer, unit, keptAt: clock.now() };
    const voucher: StoredVoucher = { chainId, hub, payee, cumulative, signature, ...parts };
    await this.#store.keep(voucher);
    this.#voucher = voucher;
  }

  /** Notes a payment that was not known yet. */
  async #note({ paid, lastPaid }: Earnings, terms: PayoutTerms): Promise<void> {
    const ref = this.#ref(terms);
    const amount = BigInt(paid) - (await this.#store.paid(ref));
    if (amount <= 0n) return;
    const last = lastPaid && BigInt(lastPaid.amount) === amount ? lastPaid : undefined;
    const at = Math.round(this.#parts.clock.now() - (last?.agoMs ?? 0));
    const transaction = last?.transaction ?? null;
    await this.#store.note({ ...ref, paid, amount: String(amount), transaction, at });
    this.#payments++;
  }

  #ref({ chainId, hub }: PayoutTerms): { chainId: number; hub: Hex; payee: Hex } {
    return { chainId, hub, payee: this.#parts.account };
  }

  #keep(work: () => Promise<void>): void {
    this.#keeping = this.#keeping.then(work).catch((error: unknown) => this.#parts.fault(errorBody(error)));
  }
}

/** All that the relay has ever booked for this account. */
function totalOf({ accrued, vested, paid, forfeited }: Earnings): bigint {
  return BigInt(accrued) + BigInt(vested) + BigInt(paid) + BigInt(forfeited);
}
