import type { Operation, OperationType } from './operation.ts';

/** What an operation did. Amounts are pico unless they are called base units. */
export interface Outcomes {
  /** `adopted`: what the chain settled beyond what this ledger ever accepted (a lost ledger); counted as used up. */
  readonly channel: { readonly available: bigint; readonly adopted: bigint };
  readonly voucher: {
    /** Base units. */
    readonly accepted: bigint;
    /** False: this was the last voucher again. Only one of two requests with one voucher gets true. */
    readonly raised: boolean;
    /** Neither spent nor held. */
    readonly available: bigint;
  };
  readonly reserve: CoverOutcome;
  readonly cover: CoverOutcome;
  readonly chunk: StepOutcome;
  readonly tail: StepOutcome;
  readonly finish: StepOutcome;
  /** What the job cost, and what of its channel is free again. */
  readonly release: { readonly spent: bigint; readonly freed: bigint };
  readonly refund: { readonly credited: bigint };
  readonly closeBatch: { readonly amount: bigint; readonly chunks: number };
  /** `payable`: base units that a payout voucher may state now. */
  readonly vest: { readonly amount: bigint; readonly vested: bigint; readonly payable: bigint };
  readonly forfeit: { readonly amount: bigint; readonly forfeited: bigint };
  /** Base units; `raised` false: the last one again. */
  readonly payout: { readonly cumulative: bigint; readonly raised: boolean };
  /** `begun` false: this close was taken before. */
  readonly close: { readonly begun: boolean };
  readonly closeSent: object;
  readonly reopen: object;
  readonly settled: { readonly adopted: bigint };
  readonly paid: { readonly adopted: bigint };
  readonly receipt: object;
}

export interface CoverOutcome {
  /** Output tokens of the whole job that are covered: its credit. */
  readonly covered: number;
  readonly available: bigint;
}

export interface StepOutcome {
  /** Of this step: what the agent paid is what provider and relay got. */
  readonly charged: bigint;
  readonly accrued: bigint;
  readonly fee: bigint;
  /** Of the job by now. */
  readonly spent: bigint;
  readonly share: bigint;
  /** Output tokens of the whole job that are covered. */
  readonly covered: number;
  /** The provider's open batch after the step: when it is full or old enough, close it (rule M7). */
  readonly batch: { readonly number: number; readonly chunks: number; readonly openedAt: number };
}

/** Why an operation was refused. Nothing changed, and the same id may be tried again. */
export type RefusalCode =
  /** A value that its type does not show to be wrong: negative, not whole, too long. */
  | 'operation_invalid'
  /** This id was another type of operation. */
  | 'id_reused'
  /** The operation starts from something that is past, or not there yet. `data` has what there is. */
  | 'out_of_step'
  /** A row would pass `MAX_AMOUNT`. */
  | 'amount_too_large'
  | 'channel_unknown'
  | 'channel_closing'
  | 'channel_closed'
  /** Something is held for a job. */
  | 'channel_busy'
  | 'voucher_stale'
  | 'voucher_over_deposit'
  /** `data.required`: base units that a voucher on this channel must reach. */
  | 'voucher_insufficient'
  | 'job_exists'
  | 'job_unknown'
  /** More tokens than were covered. */
  | 'not_covered'
  | 'refund_over_spent'
  | 'provider_unknown'
  | 'batch_empty'
  | 'batch_unknown'
  | 'payout_stale'
  | 'payout_over_vested';

export interface Refusal {
  readonly ok: false;
  readonly type: OperationType;
  readonly code: RefusalCode;
  readonly data?: Readonly<Record<string, unknown>>;
}

export type Done<T extends OperationType> = {
  [K in T]: { readonly ok: true; readonly type: K } & Outcomes[K];
}[T];

/** A business rule that says no is a result, never an exception. */
export type ResultOf<O extends Operation> = Done<O['type']> | Refusal;
export type OperationResult = ResultOf<Operation>;

/** The results of a list of operations, each of its operation's type. */
export type ResultsOf<O extends readonly Operation[]> = { readonly [K in keyof O]: ResultOf<O[K]> };
