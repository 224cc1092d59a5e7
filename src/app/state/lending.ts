import { batch, computed, effect, type ReadonlySignal, signal } from '@preact/signals';
import type { Hex } from '../../core/bytes.ts';
import { CodedError, type ErrorBody, errorBody } from '../../core/errors.ts';
import type { GpuReport, ModelChoice } from '../../provider/compute/engine-source.ts';
import type { CuredError, LenderStatus } from '../../provider/compute/lender-status.ts';
import type { IncomeStatus } from '../../provider/income/income-status.ts';
import type { Holding, PaymentRow, StoredVoucher } from '../../provider/income/payout-store.ts';
import type { AttemptRow, Totals } from '../../provider/history/attempt-history.ts';
import type { LendingDesk } from '../desk/lending-desk.ts';
import { pageCure } from '../words/page-cures.ts';
import { createGpuBench, type GpuBench } from './gpu-bench.ts';
import type { Settings } from './settings.ts';

/** How many receipts the page shows before it is asked for more. */
const PAGE = 20;
/** How many payments the page shows. */
const PAYMENTS = 100;

/** The page's state: signals that follow the workers, and the acts of the owner. */
export interface Lending {
  readonly account: ReadonlySignal<Hex | undefined>;
  readonly status: ReadonlySignal<LenderStatus | undefined>;
  readonly gpu: ReadonlySignal<GpuReport | undefined>;
  readonly models: ReadonlySignal<readonly ModelChoice[] | undefined>;
  readonly settings: ReadonlySignal<Settings>;
  /** The model that lends or would lend. */
  readonly model: ReadonlySignal<ModelChoice | undefined>;
  readonly attempts: ReadonlySignal<readonly AttemptRow[] | undefined>;
  readonly hasMore: ReadonlySignal<boolean>;
  readonly totals: ReadonlySignal<Totals | undefined>;
  /** The money at the relay of now; after a stop, as it was last heard of. */
  readonly income: ReadonlySignal<IncomeStatus | undefined>;
  /** What all relays have signed and paid for this wallet. */
  readonly holdings: ReadonlySignal<readonly Holding[]>;
  /** Newest first. */
  readonly payments: ReadonlySignal<readonly PaymentRow[]>;
  /** The page shows how a stream outlives its tab. */
  readonly demo: boolean;
  /** A failure outside of lending: the page itself can't work. */
  readonly failure: ReadonlySignal<CuredError | undefined>;
  /** Start was pressed and has not ended in `stop`. */
  readonly lending: ReadonlySignal<boolean>;
  /** Why start can't be pressed, if it can't. */
  readonly obstacle: ReadonlySignal<Obstacle | undefined>;
  begin(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
  pause(): Promise<void>;
  /** Ends the pause that the status shows: the owner's own, a snooze, or the yielding. */
  resume(): Promise<void>;
  /** Pauses for another reason than the owner's press, until `resumeFrom` its code. */
  pauseFor(reason: ErrorBody): Promise<void>;
  resumeFrom(code: string): Promise<void>;
  snooze(ms: number): Promise<void>;
  /** What this GPU can do. */
  readonly bench: GpuBench;
  /** Gives the GPU's memory back at once; `resume` loads the model again. */
  unload(): Promise<void>;
  requestPayout(): Promise<void>;
  /** Kills the worker that computes, as a crash would. */
  kill(): Promise<void>;
  change(settings: Partial<Settings>): void;
  showMore(): Promise<void>;
  /** What relays signed for this wallet, to be kept elsewhere. */
  vouchers(): Promise<StoredVoucher[]>;
  exportKey(): Promise<Hex>;
  importKey(privateKey: string): Promise<void>;
}

export type Obstacle = 'starting' | 'no_gpu' | 'software' | 'no_model';

export interface LendingOptions {
  readonly save: (settings: Settings) => void;
  readonly demo?: boolean;
  /** Where measures of the GPU are kept. */
  readonly storage?: Storage;
  readonly now?: () => number;
}

export function createLending(
  desk: LendingDesk,
  initial: Settings,
  { save, demo = false, storage, now = () => Date.now() }: LendingOptions,
): Lending {
  const account = signal<Hex>();
  const status = signal<LenderStatus>();
  const gpu = signal<GpuReport>();
  const models = signal<readonly ModelChoice[]>();
  const settings = signal(initial);
  const attempts = signal<readonly AttemptRow[]>();
  const shown = signal(PAGE);
  const hasMore = signal(false);
  const totals = signal<Totals>();
  const payments = signal<readonly PaymentRow[]>([]);
  const holdings = signal<readonly Holding[]>([]);
  const income = signal<IncomeStatus>();
  const failure = signal<CuredError>();

  const model = computed(
    () =>
      models.value?.find(({ id }) => id === settings.value.model) ??
      (settings.value.model ? undefined : models.value?.[0]),
  );
  const lending = computed(() => {
    const name = status.value?.state.name ?? 'idle';
    return name !== 'idle' && name !== 'error';
  });
  const obstacle = computed((): Obstacle | undefined => {
    if (!gpu.value || !models.value) return 'starting';
    if (settings.value.backend === 'webgpu' && !gpu.value.webgpu) return 'no_gpu';
    const software = settings.value.backend === 'wasm' || gpu.value.software;
    if (software && !settings.value.allowSoftware) return 'software';
    return model.value || settings.value.model ? undefined : 'no_model';
  });

  function fail(error: unknown): void {
    const body = errorBody(error);
    failure.value = { ...body, cure: pageCure(body.code) };
  }

  async function readHistory(): Promise<void> {
    try {
      const limit = shown.value;
      const [rows, sums] = await Promise.all([desk.attempts(limit + 1), desk.totals()]);
      batch(() => {
        attempts.value = rows.slice(0, limit);
        hasMore.value = rows.length > limit;
        totals.value = sums;
      });
    } catch (error) {
      fail(error);
    }
  }

  function follow(next: LenderStatus): void {
    batch(() => {
      status.value = next;
      const elsewhere = next.relay.url !== '' && next.relay.connected;
      if (next.income || elsewhere) income.value = next.income;
    });
  }

  async function readPayments(): Promise<void> {
    try {
      [payments.value, holdings.value] = await Promise.all([desk.payments(PAYMENTS), desk.holdings()]);
    } catch (error) {
      fail(error);
    }
  }

  /** All that needs an open wallet: the history, and what this machine can do. */
  async function prepare(): Promise<void> {
    const kept = computed(() => status.value?.kept ?? 0);
    effect(() => {
      void kept.value;
      void readHistory();
    });
    const paid = computed(() => status.value?.income?.payments ?? 0);
    effect(() => {
      void paid.value;
      void readPayments();
    });
    [gpu.value, models.value] = await Promise.all([desk.probe(), desk.models()]);
  }

  /** An act whose failure the status shows already: only the page's own failures are left to tell. */
  async function act(run: () => Promise<void>): Promise<void> {
    try {
      await run();
    } catch (error) {
      const body: ErrorBody = errorBody(error);
      if (body.code === 'internal') fail(error);
    }
  }

  return {
    account,
    status,
    gpu,
    models,
    settings,
    model,
    attempts,
    hasMore,
    totals,
    income,
    holdings,
    payments,
    demo,
    failure,
    lending,
    obstacle,
    async begin() {
      desk.watch(
        (next) => follow(next),
        (error) => fail(CodedError.fromBody(error)),
      );
      try {
        account.value = await desk.open();
        await prepare();
      } catch (error) {
        fail(error);
      }
    },
    start: () =>
      act(async () => {
        failure.value = undefined;
        await desk.start({ ...settings.value, model: model.value?.id ?? settings.value.model });
      }),
    stop: () => act(() => desk.stop()),
    pause: () => act(() => desk.pause({ code: 'paused', message: 'Paused by the owner.' })),
    resume: () =>
      act(() => {
        const state = status.value?.state;
        const code = state?.name === 'paused' ? state.reason.code : 'paused';
        return code === 'yielding' ? desk.forgetDuty() : desk.resume(code);
      }),
    pauseFor: (reason) => act(() => desk.pause(reason)),
    resumeFrom: (code) => act(() => desk.resume(code)),
    snooze: (ms) => act(() => desk.snooze(ms)),
    bench: createGpuBench({ desk, gpu, settings, storage, now }),
    unload: () => act(() => desk.unload()),
    requestPayout: () => act(() => desk.requestPayout()),
    kill: () => act(() => desk.kill()),
    change(changes) {
      settings.value = { ...settings.value, ...changes };
      save(settings.value);
      void act(() => desk.limit(settings.value));
      if (changes.creditLimit !== undefined) void act(() => desk.trust(settings.value.creditLimit));
    },
    async showMore() {
      shown.value += PAGE;
      await readHistory();
    },
    vouchers: () => desk.vouchers(),
    exportKey: () => desk.exportKey(),
    async importKey(privateKey) {
      account.value = await desk.importKey(privateKey);
      income.value = undefined;
      failure.value = undefined;
      await (gpu.value ? Promise.all([readHistory(), readPayments()]) : prepare());
    },
  };
}
