import type { Hex } from '../../core/bytes.ts';
import type { Clock } from '../../core/clock.ts';
import { errorBody } from '../../core/errors.ts';
import { payableOf } from '../ledger/amounts.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { SignedAmount } from '../ledger/state.ts';
import type { Log } from '../log.ts';

/** Signs `Payout(payee, cumulative)` for the hub with the relay's key; `cumulative` in base units. */
export type PayoutSigner = (payee: Hex, cumulative: bigint) => Hex | Promise<Hex>;

export interface VouchersParts {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly log: Log;
  readonly sign: PayoutSigner;
  /** The voucher is durable: it may be sent, and paid (rule M7). */
  readonly issued: (payee: Hex, voucher: SignedAmount) => void;
}

/** A signer or a ledger that failed is asked again after this long. */
const RETRY_MS = 5_000;

/** From vested to signed: a voucher for each new whole base unit, on disk before anybody sees it (rule M7). */
export interface Vouchers {
  /** Signs for what has vested since the last voucher; nothing where that is less than a base unit. */
  issue(payee: Hex): Promise<void>;
  stop(): void;
}

export function createVouchers({ ledger, clock, log, sign, issued }: VouchersParts): Vouchers {
  /** One at a time for each payee: cumulative amounts must reach the ledger in order. */
  const running = new Map<Hex, Promise<void>>();
  const retries = new Map<Hex, () => void>();
  let stopped = false;

  async function issue(payee: Hex): Promise<void> {
    const row = ledger.state.providers.get(payee);
    if (!row) return;
    const cumulative = payableOf(ledger.state, row);
    if (cumulative <= (row.payout?.cumulative ?? 0n)) return;
    const signature = await sign(payee, cumulative);
    const id = `payout/${payee}/${cumulative}`;
    const [result] = await ledger.commit([{ type: 'payout', id, provider: payee, cumulative, signature }]);
    if (!result.ok) log.error({ payee, code: result.code }, 'A payout voucher was refused by the ledger.');
    else if (result.raised) issued(payee, { cumulative, signature });
  }

  function retry(payee: Hex, error: unknown): void {
    log.error({ payee, error: errorBody(error) }, 'A payout voucher was not signed; it is tried again.');
    if (stopped || retries.has(payee)) return;
    const undo = clock.after(RETRY_MS, () => {
      retries.delete(payee);
      void enqueue(payee);
    });
    retries.set(payee, undo);
  }

  function enqueue(payee: Hex): Promise<void> {
    const next = (running.get(payee) ?? Promise.resolve())
      .then(() => issue(payee))
      .catch((error: unknown) => retry(payee, error))
      .finally(() => {
        if (running.get(payee) === next) running.delete(payee);
      });
    running.set(payee, next);
    return next;
  }

  return {
    issue: enqueue,
    stop() {
      stopped = true;
      for (const undo of retries.values()) undo();
    },
  };
}
