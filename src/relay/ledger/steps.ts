import { jobShare, type JobProgress, jobTotal, MAX_AMOUNT } from '../../protocol/money/price.ts';
import { jobReserved, progressOf } from './amounts.ts';
import { type Applied, type Changes, refuse } from './applied.ts';
import { channelOf, raiseCover } from './job-operations.ts';
import type { ChunkOperation, FinishOperation, TailOperation } from './operation.ts';
import type { StepOutcome } from './result.ts';
import type { ChannelRow, JobRow, LedgerState, OpenBatch, ProviderRow } from './state.ts';
import { newProvider } from './payout-operations.ts';

type StepOperation = ChunkOperation | TailOperation | FinishOperation;

/**
 * One step of a job: the agent is charged what the job's total grows by, the provider accrues what its share grows by,
 * the relay gets the rest (rules M3, M4), and what is held moves on, all at once (rule M6).
 */
export function applyStep<T extends StepOperation>(state: LedgerState, op: T): Applied<T['type']>;
export function applyStep(state: LedgerState, op: StepOperation): Applied<StepOperation['type']> {
  const job = state.jobs.get(op.job);
  if (!job) return refuse(op, 'job_unknown');
  const { chunks, tokens, covered } = job;
  if (op.before.chunks !== chunks || op.before.tokens !== tokens)
    return refuse(op, 'out_of_step', { chunks, tokens });
  const after = progressAfter(job, op);
  if (after.tokens > covered) return refuse(op, 'not_covered', { covered });

  const spent = jobTotal(job.terms, after);
  const share = jobShare(job.terms, after);
  const charged = spent - jobTotal(job.terms, progressOf(job));
  const accrued = share - jobShare(job.terms, progressOf(job));
  const fee = charged - accrued;
  const known = state.providers.get(op.provider) ?? newProvider(op.provider);
  const provider = withWork(known, op, accrued);
  if (provider.earned > MAX_AMOUNT) return refuse(op, 'amount_too_large');

  const row = channelOf(state, job);
  const paid = { ...row, spent: row.spent + charged, fees: row.fees + fee };
  const next = moveOn(op, job, after, paid, charged);
  const { number, chunks: inBatch, openedAt } = provider.batch;
  const outcome: StepOutcome = {
    charged,
    accrued,
    fee,
    spent,
    share,
    covered: next.job?.covered ?? covered,
    batch: { number, chunks: inBatch, openedAt },
  };
  return { result: { ok: true, type: op.type, ...outcome }, changes: { ...next, provider } };
}

function progressAfter({ chunks, tokens }: JobRow, op: StepOperation): JobProgress {
  switch (op.type) {
    case 'chunk':
      return { chunks: chunks + 1, tokens: tokens + op.tokens, finished: false };
    case 'tail':
      return { chunks, tokens: tokens + op.tokens, finished: false };
    case 'finish':
      return { chunks, tokens, finished: true };
  }
}

/** The reservation after a step: less what was charged, and more for what a chunk covers next, or nothing at the end. */
function moveOn(
  op: StepOperation,
  job: JobRow,
  after: JobProgress,
  row: ChannelRow,
  charged: bigint,
): Changes {
  if (op.type === 'finish') {
    const channel = { ...row, reserved: row.reserved - jobReserved(job) };
    return { channel, endedJob: op.job, ...(op.receipt ? { receipt: op.receipt } : {}) };
  }
  const channel = { ...row, reserved: row.reserved - charged };
  const { chunks, tokens } = after;
  const moved = { ...job, chunks, tokens };
  return op.type === 'chunk' ? raiseCover(channel, moved, op.cover) : { channel, job: moved };
}

/** Work goes into the open batch; its first work opens the batch's time. */
function withWork(row: ProviderRow, op: StepOperation, accrued: bigint): ProviderRow {
  const chunks = op.type === 'chunk' ? 1 : 0;
  if (accrued === 0n && chunks === 0) return row;
  return { ...row, earned: row.earned + accrued, batch: fill(row.batch, accrued, chunks, op.at) };
}

function fill(batch: OpenBatch, amount: bigint, chunks: number, at: number): OpenBatch {
  const isEmpty = batch.amount === 0n && batch.chunks === 0;
  return {
    number: batch.number,
    amount: batch.amount + amount,
    chunks: batch.chunks + chunks,
    openedAt: isEmpty ? at : batch.openedAt,
  };
}
