import { Dexie, type Table } from 'dexie';
import type { Hex } from '../../core/bytes.ts';
import {
  type Holding,
  payeeKey,
  type PayeeRef,
  type PaymentRow,
  type PayoutStore,
  type StoredVoucher,
} from '../income/payout-store.ts';
import { askStorage } from './storage-errors.ts';

/** Payments that lists need: a payment's own key is its payee's and what was paid in all by then. */
type Keyed<T> = T & { readonly key: string };

/**
 * The latest voucher of each hub and payee, and the payments, in IndexedDB. No cache: a voucher in here is money, and
 * is written through to the disk.
 */
export class PayoutHistory implements PayoutStore {
  readonly #db: Dexie;
  readonly #vouchers: Table<Keyed<StoredVoucher>, string>;
  readonly #payments: Table<Keyed<PaymentRow>, string>;

  constructor(name: string) {
    this.#db = new Dexie(name, { chromeTransactionDurability: 'strict' });
    this.#db.version(1).stores({ vouchers: 'key', payments: 'key, [payee+at]' });
    this.#vouchers = this.#db.table('vouchers');
    this.#payments = this.#db.table('payments');
  }

  voucher(ref: PayeeRef): Promise<StoredVoucher | undefined> {
    return askStorage(() => this.#vouchers.get(payeeKey(ref)));
  }

  async keep(voucher: StoredVoucher): Promise<void> {
    const key = payeeKey(voucher);
    await askStorage(() =>
      this.#db.transaction('rw', this.#vouchers, async () => {
        // Another tab of this wallet may have kept a later one.
        const kept = await this.#vouchers.get(key);
        if (kept && BigInt(kept.cumulative) >= BigInt(voucher.cumulative)) return;
        await this.#vouchers.put({ ...voucher, key });
      }),
    );
  }

  async paid(ref: PayeeRef): Promise<bigint> {
    const rows = await askStorage(() =>
      this.#payments
        .where('key')
        .startsWith(`${payeeKey(ref)}/`)
        .toArray(),
    );
    return rows.reduce((most, { paid }) => (BigInt(paid) > most ? BigInt(paid) : most), 0n);
  }

  async note(payment: PaymentRow): Promise<void> {
    await askStorage(() => this.#payments.put({ ...payment, key: `${payeeKey(payment)}/${payment.paid}` }));
  }

  /** An account's payments, newest first. */
  list(payee: Hex, limit: number): Promise<PaymentRow[]> {
    return askStorage(() =>
      this.#payments
        .where('[payee+at]')
        .between([payee, Dexie.minKey], [payee, Dexie.maxKey])
        .reverse()
        .limit(limit)
        .toArray(),
    );
  }

  /** An account's latest voucher of each hub. */
  async vouchers(payee: Hex): Promise<StoredVoucher[]> {
    const rows = await askStorage(() => this.#vouchers.filter((row) => row.payee === payee).toArray());
    return rows.map(({ key: _, ...voucher }) => voucher);
  }

  /** What each hub has signed and paid for an account. */
  async holdings(payee: Hex): Promise<Holding[]> {
    const vouchers = await this.vouchers(payee);
    return Promise.all(
      vouchers.map(async ({ chainId, hub, cumulative, unit }) => {
        const signed = String(BigInt(cumulative) * BigInt(unit));
        const paid = String(await this.paid({ chainId, hub, payee }));
        return { chainId, hub, payee, signed, paid };
      }),
    );
  }

  close(): void {
    this.#db.close();
  }
}
