import type { Hex } from '../../core/bytes.ts';
import { availableOf, clampedPico, greater } from './amounts.ts';
import { type Applied, refuse } from './applied.ts';
import type {
  ChannelOperation,
  Operation,
  RefundOperation,
  SettledOperation,
  VoucherOperation,
} from './operation.ts';
import type { ChannelRow, LedgerState } from './state.ts';

export function applyChannel(state: LedgerState, op: ChannelOperation): Applied<'channel'> {
  const known = state.channels.get(op.channel) ?? newChannel(op);
  const { row: settled, adopted } = withSettled(known, clampedPico(state, op.settled));
  const isNews = op.block >= known.block;
  const row: ChannelRow = {
    ...settled,
    deposit: greater(settled.deposit, clampedPico(state, op.deposit)),
    closeRequestedAt: isNews ? op.closeRequestedAt : known.closeRequestedAt,
    finalized: known.finalized || op.finalized,
    block: Math.max(op.block, known.block),
  };
  return {
    result: { ok: true, type: 'channel', available: availableOf(row), adopted },
    changes: { channel: row },
  };
}

export function applyVoucher(state: LedgerState, op: VoucherOperation): Applied<'voucher'> {
  const row = state.channels.get(op.channel);
  const closed = refusalOfClosed(row, op);
  if (!row || closed) return closed ?? refuse(op, 'channel_unknown');
  const amount = op.cumulative * state.unit;
  const { cumulative: accepted, signature } = op;
  if (amount === row.accepted) {
    const available = availableOf(row);
    return { result: { ok: true, type: 'voucher', accepted, raised: false, available } };
  }
  if (amount < row.accepted) return refuse(op, 'voucher_stale', { accepted: row.accepted / state.unit });
  if (amount > row.deposit) return refuse(op, 'voucher_over_deposit', { deposit: row.deposit / state.unit });
  const channel: ChannelRow = {
    ...row,
    accepted: amount,
    voucher: { cumulative: accepted, signature },
    bodyHash: op.bodyHash ?? null,
  };
  const available = availableOf(channel);
  return { result: { ok: true, type: 'voucher', accepted, raised: true, available }, changes: { channel } };
}

export function applyRefund(state: LedgerState, op: RefundOperation): Applied<'refund'> {
  const row = state.channels.get(op.channel);
  if (!row) return refuse(op, 'channel_unknown');
  if (row.credited !== op.before) return refuse(op, 'out_of_step', { credited: row.credited });
  const credited = row.credited + op.amount;
  if (credited > row.spent) return refuse(op, 'refund_over_spent', { spent: row.spent });
  return { result: { ok: true, type: 'refund', credited }, changes: { channel: { ...row, credited } } };
}

export function applySettled(state: LedgerState, op: SettledOperation): Applied<'settled'> {
  const known = state.channels.get(op.channel);
  if (!known) return refuse(op, 'channel_unknown');
  const { row, adopted } = withSettled(known, clampedPico(state, op.cumulative));
  return { result: { ok: true, type: 'settled', adopted }, changes: { channel: row } };
}

/** New work needs a channel that stays open. */
export function refusalOfClosed(row: ChannelRow | undefined, op: Operation): Applied<never> | undefined {
  if (!row) return refuse(op, 'channel_unknown');
  if (row.finalized) return refuse(op, 'channel_closed');
  if (row.closeRequestedAt !== 0) return refuse(op, 'channel_closing', { requestedAt: row.closeRequestedAt });
  if (row.closing) return refuse(op, 'channel_closing');
  return undefined;
}

/**
 * What the chain says was drawn, drawn it was. Where that is more than this ledger accepted, an earlier ledger accepted
 * it and served for it: it must not buy anything twice.
 */
function withSettled(known: ChannelRow, settled: bigint): { row: ChannelRow; adopted: bigint } {
  const adopted = greater(settled - known.accepted, 0n);
  const row = {
    ...known,
    settled: greater(settled, known.settled),
    accepted: known.accepted + adopted,
    carried: known.carried + adopted,
    deposit: greater(known.deposit, settled),
  };
  return { row, adopted };
}

function newChannel({ channel, payer, signer }: { channel: Hex; payer: Hex; signer: Hex }): ChannelRow {
  return {
    channel,
    payer,
    signer,
    deposit: 0n,
    settled: 0n,
    accepted: 0n,
    spent: 0n,
    reserved: 0n,
    credited: 0n,
    fees: 0n,
    carried: 0n,
    voucher: null,
    bodyHash: null,
    closeRequestedAt: 0,
    finalized: false,
    closing: null,
    block: 0,
  };
}
