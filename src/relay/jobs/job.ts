import { type Hex, toHex } from '../../core/bytes.ts';
import type { CodedError } from '../../core/errors.ts';
import type { Random } from '../../core/random.ts';
import { NO_PROGRESS, type Progress } from '../../protocol/money/price.ts';
import type { JobReceipt } from '../../protocol/money/receipt.ts';
import { idsHash } from '../../protocol/money/statements.ts';
import { type DecodeSpec, decodeSpecHash } from '../../protocol/wire/decode-spec.ts';
import type { Feature } from '../../protocol/wire/feature.ts';
import type { Finish } from '../../protocol/wire/job.ts';
import type { TokenLogprobs } from '../../protocol/wire/logprobs.ts';
import type { Payment } from '../access/payment.ts';
import type { RelayModel } from '../catalogue.ts';
import type { Lease } from './lease.ts';
import { needsOf } from './needs.ts';
import { createOutput, type Output } from './output.ts';

/** What somebody asked for. */
export interface JobOrder {
  /** Where it was drawn already, with what is held for it: 16 random bytes. */
  readonly id?: Hex;
  /** Whom fairness counts the job for. */
  readonly agent: string;
  /** Several people may be behind this agent: no prompt of it is reused (rule E2). */
  readonly anonymous?: boolean;
  /** The one provider that may serve it. */
  readonly only?: Hex;
  readonly model: RelayModel;
  readonly prompt: readonly number[];
  readonly spec: DecodeSpec;
  readonly seed: Hex;
  /** Which of the request's answers it gives, from 0. */
  readonly choice?: number;
  /** Alternatives whose log-probabilities are wanted with each token; absent: no log-probabilities at all. */
  readonly topLogprobs?: number;
  /** At least 1; prompt and output together fit the model's context. */
  readonly maxTokens: number;
  readonly stop: readonly string[];
  readonly payment: Payment;
}

/** Who hears of a job. Exactly one of `finished` and `failed` comes last, and neither after a cancel. */
export interface JobSink {
  /** The job is in line: its position from 1, and a guess of the time left where there is one. */
  waiting(position: number, etaMs: number | undefined): void;
  /**
   * Accepted ids and the text that became certain with them, which may be none. The log-probabilities of each id come
   * with them where the order asked for some.
   */
  tokens(ids: readonly number[], text: string, logprobs?: readonly TokenLogprobs[]): void;
  /** The receipt is durable. `rest` is the last text, held back until the end was known. */
  finished(finish: Finish, rest: string, receipt: JobReceipt): void;
  failed(error: CodedError): void;
  /** Something about its payment, for a stream that pays. */
  notice?(name: string, data: unknown): void;
}

/** A job that lost its provider and has no new id yet. */
export interface Interruption {
  readonly at: number;
  readonly lease: Lease;
  readonly code: string;
  readonly detectionMs: number;
  readonly accepted: number;
}

/** One request on its way. It lives in the memory of the process that accepted it, and nowhere else. */
export interface Job {
  readonly id: Hex;
  readonly order: JobOrder;
  readonly sink: JobSink;
  readonly nonce: Hex;
  readonly promptHash: Hex;
  readonly specHash: Hex;
  /** What its provider must be able to do (rule P5). */
  readonly needs: readonly Feature[];
  /** Tokens of its prompt, and with the longest answer (rule P4). */
  readonly size: { readonly prompt: number; readonly whole: number };
  readonly startedAt: number;
  readonly output: Output;
  /** What of it is paid, or on its way to be: every accepted chunk, and the unsigned rest of attempts that ended. */
  progress: Progress;
  /** Every attempt, in order; a lease's number is its place here (rule L1). */
  readonly leases: Lease[];
  /** `settling`: nothing more comes, the receipt is being stored. */
  state: 'waiting' | 'leased' | 'settling' | 'ended';
  waitingSince: number;
  /** How often it went on to another provider (rule L3). */
  moves: number;
  /** Providers that lost it. */
  readonly losers: Set<Hex>;
  interruption: Interruption | undefined;
  firstIdAt: number | undefined;
}

export function createJob(order: JobOrder, sink: JobSink, random: Random, now: number): Job {
  return {
    id: order.id ?? toHex(random.bytes(16)),
    order,
    sink,
    nonce: toHex(random.bytes(32)),
    promptHash: idsHash(order.prompt),
    specHash: decodeSpecHash(order.spec),
    needs: needsOf(order),
    size: { prompt: order.prompt.length, whole: order.prompt.length + order.maxTokens },
    startedAt: now,
    output: createOutput(order.model, order.stop),
    progress: NO_PROGRESS,
    leases: [],
    state: 'waiting',
    waitingSince: now,
    moves: 0,
    losers: new Set(),
    interruption: undefined,
    firstIdAt: undefined,
  };
}
