import type { ProxyMarked } from 'comlink';
import { CodedError, type ErrorBody } from '../../core/errors.ts';
import { cryptoRandom } from '../../core/random.ts';
import type { OwnerLimits } from '../duty/owner-limits.ts';
import type { GpuMeasures } from '../../engine/gpu/gpu-benchmark.ts';
import { AttemptHistory, type AttemptRow, type Totals } from '../history/attempt-history.ts';
import { PayoutHistory } from '../history/payout-history.ts';
import type { Holding, PaymentRow, StoredVoucher } from '../income/payout-store.ts';
import type { Signer } from '../signer.ts';
import { connectSigner } from '../wallet/signer-port.ts';
import { connectWebSocket } from './browser-socket.ts';
import type { EngineSource, GpuReport, ModelChoice } from './engine-source.ts';
import { Lender, type LendingOrder } from './lender.ts';
import type { LenderStatus } from './lender-status.ts';
import { holdLendingLock } from './lending-lock.ts';
import type { SelfTestOrder, SelfTestResult } from './self-test.ts';
import type { FitWish, ModelFit } from './model-fit.ts';
import { feedStatus } from './status-feed.ts';
import { systemClock } from './system-clock.ts';

/**
 * What the page may ask of the compute worker, over Comlink. Errors arrive as `CodedError`. Tokens are not among it:
 * the worker has both the engine and the socket, and the page hears sums four times a second.
 */
export interface ComputeApi {
  /** First of all calls: whose wallet and history these are, and the port to the signer worker. */
  open(profile: string, signer: MessagePort): Promise<void>;
  probe(): Promise<GpuReport>;
  models(): Promise<readonly ModelChoice[]>;
  /** Times this GPU; takes about a second. @throws CodedError `engine_busy` while lending, `gpu_miscomputes`, `aborted` */
  measureGpu(): Promise<GpuMeasures>;
  cancelMeasure(): void;
  /** Which models this GPU can serve, and how fast if it was measured. */
  fits(wish: FitWish, measures: GpuMeasures | undefined): Promise<readonly ModelFit[]>;
  start(order: LendingOrder): Promise<void>;
  stop(): Promise<void>;
  /** Times the loaded engine with nobody in between. */
  selfTest(order: SelfTestOrder): Promise<SelfTestResult>;
  /** Takes no jobs until `resume` of the same code; hands back those that run. */
  pause(reason: ErrorBody): void;
  resume(code: string): Promise<void>;
  /** Pauses for so many ms; `resume('snoozed')` ends that. */
  snooze(ms: number): void;
  /** Hands back what runs and frees the GPU's memory at once; `resume('paused')` loads the model again. */
  unload(): Promise<void>;
  /** The owner's limits from now on. */
  limit(limits: OwnerLimits): void;
  /** What steps take now is normal: the owner says that nothing else uses the GPU. */
  forgetDuty(): void;
  /** Asks the relay to pay now what has vested; the status says what comes of it. */
  requestPayout(): void;
  /** From now on the relay may owe this much, in pico. */
  trust(limit: string): void;
  /** Payments of hubs to this wallet, newest first. */
  payments(limit: number): Promise<PaymentRow[]>;
  /** What the hubs of all relays have signed and paid for this wallet. */
  holdings(): Promise<Holding[]>;
  /** The latest voucher of each of them: money without the relay, for whoever submits it. */
  vouchers(): Promise<StoredVoucher[]>;
  /** Calls `push` with the status of now, and then at most four times a second when it changed. */
  watch(push: ((status: LenderStatus) => void) & ProxyMarked): void;
  /** Ended attempts, newest first. */
  attempts(limit: number, before?: number): Promise<AttemptRow[]>;
  totals(): Promise<Totals>;
}

interface Opened {
  readonly lender: Lender;
  readonly history: AttemptHistory;
  readonly payouts: PayoutHistory;
  readonly signer: Signer;
}

export function createComputeApi(source: EngineSource): ComputeApi {
  let opened: Opened | undefined;
  let measuring = new AbortController();

  function open(): Opened {
    if (opened) return opened;
    throw new CodedError('worker_closed', 'The worker was not opened.');
  }

  addEventListener('online', () => opened?.lender.retryNow());
  return {
    async open(profile, port) {
      await opened?.lender.stop();
      const history = new AttemptHistory(`afterglow-history-${profile}`);
      const payouts = new PayoutHistory(`afterglow-payouts-${profile}`);
      const signer = await connectSigner(port, systemClock);
      const lender = new Lender({
        clock: systemClock,
        random: cryptoRandom,
        connect: connectWebSocket,
        source,
        store: history,
        payouts,
        signer,
        holdLock: () => holdLendingLock(profile),
      });
      opened = { lender, history, payouts, signer };
    },
    probe: () => open().lender.probe(),
    models: () => source.models(),
    async measureGpu() {
      const { name } = open().lender.status().state;
      if (name !== 'idle' && name !== 'error') {
        throw new CodedError('engine_busy', 'Stop lending first: both would slow each other down.');
      }
      measuring.abort();
      measuring = new AbortController();
      return source.measure(measuring.signal);
    },
    cancelMeasure: () => measuring.abort(new CodedError('aborted', 'The measurement was cancelled.')),
    fits: (wish, measures) => source.fits(wish, measures),
    start: (order) => open().lender.start(order),
    stop: () => open().lender.stop(),
    selfTest: (order) => open().lender.selfTest(order),
    pause: (reason) => open().lender.pause(reason),
    resume: (code) => open().lender.resume(code),
    snooze: (ms) => open().lender.snooze(ms),
    unload: () => open().lender.unload(),
    limit: (limits) => open().lender.limit(limits),
    forgetDuty: () => open().lender.forgetDuty(),
    requestPayout: () => open().lender.requestPayout(),
    trust: (limit) => open().lender.trust(limit),
    holdings: () => open().payouts.holdings(open().signer.account),
    vouchers: () => open().payouts.vouchers(open().signer.account),
    payments: (limit) => open().payouts.list(open().signer.account, limit),
    watch: (push) => void feedStatus(systemClock, () => open().lender.status(), push),
    attempts: (limit, before) => open().history.list(limit, before),
    totals: () => open().history.totals(systemClock.now()),
  };
}
