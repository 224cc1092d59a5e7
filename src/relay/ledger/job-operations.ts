import { CHUNK_TOKENS } from '../../protocol/constants.ts';
import { fullCost, MAX_AMOUNT, NO_PROGRESS } from '../../protocol/money/price.ts';
import { availableOf, isEnding, jobReserved, jobSpent, requiredVoucher } from './amounts.ts';
import { type Applied, refuse } from './applied.ts';
import { refusalOfClosed } from './channel-operations.ts';
import type { CoverOperation, ReleaseOperation, ReserveOperation } from './operation.ts';
import type { ChannelRow, JobRow, LedgerState } from './state.ts';

export function applyReserve(state: LedgerState, op: ReserveOperation): Applied<'reserve'> {
  const { channel, job: id, terms, maxTokens } = op;
  if (state.jobs.has(id)) return refuse(op, 'job_exists');
  const row = state.channels.get(channel);
  const closed = refusalOfClosed(row, op);
  if (!row || closed) return closed ?? refuse(op, 'channel_unknown');
  if (fullCost(terms, maxTokens) > MAX_AMOUNT) return refuse(op, 'amount_too_large');
  const least = Math.min(CHUNK_TOKENS, maxTokens);
  const needed = fullCost(terms, least);
  const missing = needed - availableOf(row);
  if (missing > 0n) {
    const required = requiredVoucher(state, row, needed);
    return refuse(op, 'voucher_insufficient', { required, missing });
  }
  const first: JobRow = { job: id, channel, terms, maxTokens, covered: least, ...NO_PROGRESS };
  const held = { ...row, reserved: row.reserved + needed };
  const covered = raiseCover(held, first, op.cover);
  return {
    result: {
      ok: true,
      type: 'reserve',
      covered: covered.job.covered,
      available: availableOf(covered.channel),
    },
    changes: covered,
  };
}

export function applyCover(state: LedgerState, op: CoverOperation): Applied<'cover'> {
  const job = state.jobs.get(op.job);
  if (!job) return refuse(op, 'job_unknown');
  const channel = channelOf(state, job);
  const raised = raiseCover(channel, job, op.cover);
  const result = {
    ok: true,
    type: 'cover',
    covered: raised.job.covered,
    available: availableOf(raised.channel),
  } as const;
  return raised.job === job ? { result } : { result, changes: raised };
}

export function applyRelease(state: LedgerState, op: ReleaseOperation): Applied<'release'> {
  const job = state.jobs.get(op.job);
  if (!job) return refuse(op, 'job_unknown');
  const row = channelOf(state, job);
  const freed = jobReserved(job);
  return {
    result: { ok: true, type: 'release', spent: jobSpent(job), freed },
    changes: {
      channel: { ...row, reserved: row.reserved - freed },
      endedJob: op.job,
      ...(op.receipt ? { receipt: op.receipt } : {}),
    },
  };
}

/** Ends every running job where it stands: for a relay that starts, whose jobs went down with the process before it. */
export function releasesOf(state: LedgerState): ReleaseOperation[] {
  return [...state.jobs.keys()].map((job) => ({ type: 'release', id: `${job}/release`, job }));
}

/** A running job's channel: it outlives its jobs. */
export function channelOf({ channels }: LedgerState, { channel }: JobRow): ChannelRow {
  return channels.get(channel) as ChannelRow;
}

/** Holds money for more tokens, as far as there is any: up to `cover`, else by whole chunks. A closing channel gets none. */
export function raiseCover(
  channel: ChannelRow,
  job: JobRow,
  cover: number,
): { channel: ChannelRow; job: JobRow } {
  const wanted = Math.min(cover, job.maxTokens) - job.covered;
  if (wanted <= 0 || isEnding(channel)) return { channel, job };
  const { out } = job.terms;
  const available = availableOf(channel);
  const chunks = out === 0n ? wanted : Number(available / (out * BigInt(CHUNK_TOKENS)));
  const more = out * BigInt(wanted) <= available ? wanted : chunks * CHUNK_TOKENS;
  if (more === 0) return { channel, job };
  return {
    channel: { ...channel, reserved: channel.reserved + out * BigInt(more) },
    job: { ...job, covered: job.covered + more },
  };
}
