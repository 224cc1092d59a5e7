import { closingVoucher } from './amounts.ts';
import { type Applied, refuse } from './applied.ts';
import type { CloseOperation, CloseSentOperation, ReopenOperation } from './operation.ts';
import type { Closing, LedgerState } from './state.ts';

/** Also where the agent asked the chain for a close: this one takes no time. */
export function applyClose(state: LedgerState, op: CloseOperation): Applied<'close'> {
  const row = state.channels.get(op.channel);
  if (!row) return refuse(op, 'channel_unknown');
  if (row.finalized) return refuse(op, 'channel_closed');
  const { cumulative, signature } = op;
  if (row.closing) {
    if (row.closing.cumulative !== cumulative) return refuse(op, 'channel_closing');
    return { result: { ok: true, type: 'close', begun: false } };
  }
  if (row.reserved > 0n) return refuse(op, 'channel_busy');
  const required = closingVoucher(state, row);
  if (cumulative < required) return refuse(op, 'voucher_insufficient', { required });
  if (cumulative * state.unit > row.deposit)
    return refuse(op, 'voucher_over_deposit', { deposit: row.deposit / state.unit });
  const closing: Closing = { cumulative, signature, nonce: null };
  return { result: { ok: true, type: 'close', begun: true }, changes: { channel: { ...row, closing } } };
}

/** Numbers only grow: a later transaction stands for those before it, which it can't overtake. */
export function applyCloseSent(state: LedgerState, op: CloseSentOperation): Applied<'closeSent'> {
  const row = state.channels.get(op.channel);
  if (!row?.closing) return refuse(op, row ? 'out_of_step' : 'channel_unknown');
  const nonce = Math.max(op.nonce, row.closing.nonce ?? 0);
  const channel = { ...row, closing: { ...row.closing, nonce } };
  return { result: { ok: true, type: 'closeSent' }, changes: { channel } };
}

export function applyReopen(state: LedgerState, op: ReopenOperation): Applied<'reopen'> {
  const row = state.channels.get(op.channel);
  if (!row) return refuse(op, 'channel_unknown');
  if (row.finalized) return refuse(op, 'channel_closed');
  if (row.closing?.cumulative !== op.cumulative) return refuse(op, 'out_of_step');
  return { result: { ok: true, type: 'reopen' }, changes: { channel: { ...row, closing: null } } };
}
