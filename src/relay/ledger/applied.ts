import type { Hex } from '../../core/bytes.ts';
import type { AnyReceipt } from '../../protocol/money/embed-job-receipt.ts';
import type { OperationType } from './operation.ts';
import type { Done, Refusal, RefusalCode } from './result.ts';
import type { BatchRow, ChannelRow, JobRow, ProviderRow } from './state.ts';

/** The rows that an operation leaves behind: at most one of each kind, whole. */
export interface Changes {
  readonly channel?: ChannelRow;
  readonly job?: JobRow;
  /** This job is over and forgotten. */
  readonly endedJob?: Hex;
  readonly provider?: ProviderRow;
  readonly batch?: BatchRow;
  /** This batch got its verdict and is forgotten. */
  readonly decidedBatch?: BatchRow;
  readonly receipt?: AnyReceipt;
}

/** What `apply` answers: the result for the caller, and what to write. No changes means that nothing is to be written. */
export interface Applied<T extends OperationType = OperationType> {
  readonly result: Done<T> | Refusal;
  readonly changes?: Changes;
}

export function refuse(
  { type }: { readonly type: OperationType },
  code: RefusalCode,
  data?: Readonly<Record<string, unknown>>,
): Applied<never> {
  return { result: { ok: false, type, code, ...(data ? { data } : {}) } };
}
