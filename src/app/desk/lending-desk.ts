import type { Hex } from '../../core/bytes.ts';
import type { ErrorBody } from '../../core/errors.ts';
import type { OwnerLimits } from '../../provider/duty/owner-limits.ts';
import type { Holding, PaymentRow, StoredVoucher } from '../../provider/income/payout-store.ts';
import type { AttemptRow, Totals } from '../../provider/history/attempt-history.ts';
import type { GpuReport, ModelChoice } from '../../provider/compute/engine-source.ts';
import type { LendingOrder } from '../../provider/compute/lender.ts';
import type { FitWish, GpuMeasures, ModelFit } from '../../provider/compute/model-fit.ts';
import type { LenderStatus } from '../../provider/compute/lender-status.ts';

/**
 * All that the page can do, as one interface: the two workers behind it in the product, a stand-in in the page's tests.
 * Every failure is a `CodedError`.
 */
export interface LendingDesk {
  /** Opens the wallet; gives its account. */
  open(): Promise<Hex>;
  probe(): Promise<GpuReport>;
  models(): Promise<readonly ModelChoice[]>;
  /** Resolves once lending runs. What goes wrong is in the status, too. */
  start(order: LendingOrder): Promise<void>;
  /** Frees the GPU in any case, also where the worker hangs. */
  stop(): Promise<void>;
  /** Takes no jobs until `resume` of the same code. */
  pause(reason: ErrorBody): Promise<void>;
  resume(code: string): Promise<void>;
  /** Pauses for so many ms; `resume('snoozed')` ends that. */
  snooze(ms: number): Promise<void>;
  /** Times this GPU; takes about a second. */
  measureGpu(): Promise<GpuMeasures>;
  cancelMeasure(): Promise<void>;
  /** Which models this GPU can serve, and how fast if it was measured. */
  fits(wish: FitWish, measures: GpuMeasures | undefined): Promise<readonly ModelFit[]>;
  /** Frees the GPU's memory at once; `resume('paused')` loads the model again. */
  unload(): Promise<void>;
  /** The owner's limits from now on. */
  limit(limits: OwnerLimits): Promise<void>;
  /** What steps take now is normal: nothing else uses the GPU. */
  forgetDuty(): Promise<void>;
  /** Ends the compute worker in the middle of whatever it does, as a crash would: nothing is handed back. */
  kill(): Promise<void>;
  /** Asks the relay to pay now what has vested; the status says what comes of it. */
  requestPayout(): Promise<void>;
  /** From now on the relay may owe this much, in pico. */
  trust(limit: string): Promise<void>;
  /** Payments to this wallet, newest first. */
  payments(limit: number): Promise<PaymentRow[]>;
  /** What the hubs of all relays have signed and paid for this wallet. */
  holdings(): Promise<Holding[]>;
  /** The latest voucher of each of them. */
  vouchers(): Promise<StoredVoucher[]>;
  /** `status` at most four times a second; `failed` when a worker died. */
  watch(status: (status: LenderStatus) => void, failed: (error: ErrorBody) => void): void;
  attempts(limit: number, before?: number): Promise<AttemptRow[]>;
  totals(): Promise<Totals>;
  exportKey(): Promise<Hex>;
  /** Stops lending and uses another key; gives its account. */
  importKey(privateKey: string): Promise<Hex>;
}
