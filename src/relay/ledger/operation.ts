import type { Hex } from '../../core/bytes.ts';
import type { AnyReceipt } from '../../protocol/money/embed-job-receipt.ts';
import type { JobTerms, Progress } from '../../protocol/money/price.ts';

/**
 * Everything that can happen to money at a relay. Each operation is atomic and durable by itself, or refused without a
 * trace. Amounts that were signed or read from the chain are base units of the token; all others are pico.
 *
 * `id` names one intent of the caller, not its content: two requests that bring the same voucher are two operations.
 * The same id again is answered with the first result as long as it is remembered (`REMEMBERED` in state.ts). Beyond
 * that, no operation takes effect twice all the same: each says what it starts from (`before`, a batch's number, a job
 * that must not exist yet) or states a cumulative amount.
 */
interface Named {
  /** At most 128 characters, unique for ever: `job/lease/index` for a chunk, a random one for a request. */
  readonly id: string;
}

/** A channel as a confirmed block has it: opened, topped up, asked to close, settled, finalised. From chain readers only. */
export interface ChannelOperation extends Named {
  readonly type: 'channel';
  readonly channel: Hex;
  readonly payer: Hex;
  /** Whose vouchers count: the payer, or whom it named. */
  readonly signer: Hex;
  /** Base units ever deposited. Only grows; what a row can't hold (`MAX_AMOUNT`) is not counted. */
  readonly deposit: bigint;
  /** Base units ever drawn. */
  readonly settled: bigint;
  /** Unix seconds; 0 when no close is pending. */
  readonly closeRequestedAt: number;
  readonly finalized: boolean;
  /** Its number. What an older block than the last one says of a pending close is ignored. */
  readonly block: number;
}

/** An agent's voucher whose signature was found good: the caller checks it, the ledger only keeps it. Rules M5, M9. */
export interface VoucherOperation extends Named {
  readonly type: 'voucher';
  readonly channel: Hex;
  /** Base units. Equal to the last one: accepted, and changes nothing (`raised: false`). */
  readonly cumulative: bigint;
  readonly signature: Hex;
  /** Of the request that it came with, kept with the voucher. */
  readonly bodyHash?: Hex;
}

/** Holds money for a job that is about to start: the prompt fee and its first chunk at least (rule M5). */
export interface ReserveOperation extends Named {
  readonly type: 'reserve';
  readonly channel: Hex;
  /** Fresh and random. */
  readonly job: Hex;
  readonly terms: JobTerms;
  /** Output tokens of the whole job at most, 1 or more. */
  readonly maxTokens: number;
  /** Output tokens to cover if there is money for them; by whole chunks. */
  readonly cover: number;
}

/** Covers more of a running job, after a voucher or before a chunk that needs it. Never refused for want of money. */
export interface CoverOperation extends Named {
  readonly type: 'cover';
  readonly job: Hex;
  /** Output tokens of the whole job; what there is money for is covered, by whole chunks. */
  readonly cover: number;
}

/** A step of a job's life that earns. */
interface Step extends Named {
  readonly job: Hex;
  /** Who delivered, and gets the share. */
  readonly provider: Hex;
  /** The job's progress that this step starts from: a step that was taken already is refused as `out_of_step`. */
  readonly before: Progress;
  /** The relay's clock, ms since the epoch: opens a batch's time. */
  readonly at: number;
}

/** An accepted signed chunk (rule M6): charges the agent, pays provider and relay, and covers on. */
export interface ChunkOperation extends Step {
  readonly type: 'chunk';
  /** 1 to 32. */
  readonly tokens: number;
  /** As in `cover`: chunks in flight included, the next one's money. */
  readonly cover: number;
}

/** Tokens that an attempt delivered and no chunk covers: the unsigned tail of a lost or cancelled attempt (rule M6). */
export interface TailOperation extends Step {
  readonly type: 'tail';
  /** 1 to 32. */
  readonly tokens: number;
}

/** The answer is whole: earns the rest of the prompt fee, frees what is held, keeps the receipt, forgets the job. */
export interface FinishOperation extends Step {
  readonly type: 'finish';
  readonly receipt?: AnyReceipt;
}

/** A job that failed, was cancelled, or lost its relay: charged as far as it came; frees what is held, forgets the job. */
export interface ReleaseOperation extends Named {
  readonly type: 'release';
  readonly job: Hex;
  readonly receipt?: AnyReceipt;
}

/** Gives an agent credit for what it was charged. The relay's own loss: no provider loses by it. */
export interface RefundOperation extends Named {
  readonly type: 'refund';
  readonly channel: Hex;
  /** Pico credited so far; another value is refused as `out_of_step`. */
  readonly before: bigint;
  /** Pico, above 0. */
  readonly amount: bigint;
}

/** Nothing more goes into a provider's open batch: its holdback begins (rule M7). */
export interface CloseBatchOperation extends Named {
  readonly type: 'closeBatch';
  readonly provider: Hex;
  /** The open batch's number. */
  readonly batch: number;
  /** ms since the epoch. */
  readonly at: number;
}

/** A closed batch passed its holdback: it is owed for good. */
export interface VestOperation extends Named {
  readonly type: 'vest';
  readonly provider: Hex;
  readonly batch: number;
}

/** A closed batch failed its holdback: the provider loses it. */
export interface ForfeitOperation extends Named {
  readonly type: 'forfeit';
  readonly provider: Hex;
  readonly batch: number;
}

/** A payout voucher that the relay signed and is about to send: at most what has vested (rule M7). */
export interface PayoutOperation extends Named {
  readonly type: 'payout';
  readonly provider: Hex;
  /** Base units. */
  readonly cumulative: bigint;
  readonly signature: Hex;
}

/**
 * Takes on a close that the agent signed for: at least what it used, and nothing held for a job (rule M15). The same
 * amount again changes nothing.
 */
export interface CloseOperation extends Named {
  readonly type: 'close';
  readonly channel: Hex;
  /** Base units. */
  readonly cumulative: bigint;
  readonly signature: Hex;
}

/** A transaction for a close that was taken is signed, and about to be sent. */
export interface CloseSentOperation extends Named {
  readonly type: 'closeSent';
  readonly channel: Hex;
  /** Its number at the relay's account. */
  readonly nonce: number;
}

/** The chain shows that a close which was taken will never take effect: the channel goes on. */
export interface ReopenOperation extends Named {
  readonly type: 'reopen';
  readonly channel: Hex;
  /** Base units: the close that failed. */
  readonly cumulative: bigint;
}

/** What the chain says was drawn from a channel. */
export interface SettledOperation extends Named {
  readonly type: 'settled';
  readonly channel: Hex;
  /** Base units. */
  readonly cumulative: bigint;
}

/** What the chain says a provider was paid. */
export interface PaidOperation extends Named {
  readonly type: 'paid';
  readonly provider: Hex;
  /** Base units. */
  readonly cumulative: bigint;
}

/** Keeps the receipt of a job that was not paid for. A job's first receipt stays. */
export interface ReceiptOperation extends Named {
  readonly type: 'receipt';
  readonly receipt: AnyReceipt;
}

export type Operation =
  | ChannelOperation
  | VoucherOperation
  | ReserveOperation
  | CoverOperation
  | ChunkOperation
  | TailOperation
  | FinishOperation
  | ReleaseOperation
  | RefundOperation
  | CloseBatchOperation
  | VestOperation
  | ForfeitOperation
  | PayoutOperation
  | CloseOperation
  | CloseSentOperation
  | ReopenOperation
  | SettledOperation
  | PaidOperation
  | ReceiptOperation;

export type OperationType = Operation['type'];
