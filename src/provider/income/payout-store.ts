import type { Hex } from '../../core/bytes.ts';
import type { PayoutVoucher } from '../../protocol/wire/earnings.ts';

/** A hub and who it pays: what a voucher is for. */
export type PayeeRef = Pick<PayoutVoucher, 'chainId' | 'hub' | 'payee'>;

/** The latest voucher of a hub: whoever holds it can be paid without the relay. */
export interface StoredVoucher extends PayoutVoucher {
  /** What the hub is named by, for whoever redeems it; and the relay that signed. */
  readonly token: Hex;
  readonly owner: Hex;
  readonly signer: Hex;
  /** Pico per base unit. */
  readonly unit: string;
  readonly keptAt: number;
}

/** What one hub owes or paid an account, as far as this browser knows. Amounts in pico. */
export interface Holding extends PayeeRef {
  /** All that its vouchers are worth, and what of that was paid. */
  readonly signed: string;
  readonly paid: string;
}

/** A payment of the hub as this tab heard of it. */
export interface PaymentRow extends PayeeRef {
  /** Of the hub's cumulative payments in pico, after this one: names the payment. */
  readonly paid: string;
  /** In pico. */
  readonly amount: string;
  /** Unknown where it was made while this tab was away. */
  readonly transaction: Hex | null;
  readonly at: number;
}

/** Where vouchers and payments are kept: IndexedDB in a tab, memory in tests and the simulation. */
export interface PayoutStore {
  voucher(ref: PayeeRef): Promise<StoredVoucher | undefined>;
  /** Durable when it resolves. @throws CodedError `storage_full`, `storage_failed` */
  keep(voucher: StoredVoucher): Promise<void>;
  /** What the hub had paid by the last payment that was noted, in pico. */
  paid(ref: PayeeRef): Promise<bigint>;
  note(payment: PaymentRow): Promise<void>;
}

export function payeeKey({ chainId, hub, payee }: PayeeRef): string {
  return `${chainId}/${hub}/${payee}`;
}

export interface MemoryPayouts extends PayoutStore {
  /** In the order in which they were noted. */
  readonly payments: readonly PaymentRow[];
}

/** Nothing outlives the process. */
export function createMemoryPayouts(): MemoryPayouts {
  const vouchers = new Map<string, StoredVoucher>();
  const payments: PaymentRow[] = [];
  return {
    payments,
    voucher: async (ref) => vouchers.get(payeeKey(ref)),
    keep: async (voucher) => void vouchers.set(payeeKey(voucher), voucher),
    async paid(ref) {
      const last = payments.findLast((payment) => payeeKey(payment) === payeeKey(ref));
      return BigInt(last?.paid ?? 0);
    },
    note: async (payment) => void payments.push(payment),
  };
}
